package certification

import (
	_ "embed"
	"strings"
)

//go:embed county-plans.csv
var countyPlansFile string

// CountyPlans lists the 51 county behavioral health plans (domain §7). Sutter and
// Yuba are one plan, so a plan and not a county is the key.
func CountyPlans() []string {
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(countyPlansFile, "\r", "")), "\n")[1:]
}

// ExamLanguages are the ten languages of the exam, as BCP 47 tags (domain §4).
var ExamLanguages = []string{"en", "es", "ar", "zh", "fa", "hi", "ja", "ko", "ru", "vi"}
