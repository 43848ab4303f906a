package notices

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"peercert/certification"
	"peercert/web"
	"peercert/web/reading"
)

var update = flag.Bool("update", false, "write the golden letters anew")

var head = Letterhead{Operator: "Sample Certification Board", PublicURL: "https://portal.example.test"}

// languages are those that must say every letter.
var languages = []string{"en", "es", "ar"}

// everyLetter composes all letters in all languages.
func everyLetter(t *testing.T, check func(t *testing.T, example Example, written Composed)) {
	t.Helper()
	for _, example := range List() {
		for _, language := range languages {
			t.Run(string(example.Letter)+"/"+language, func(t *testing.T) {
				example.Notice.Language = language
				written, err := Compose(example.Notice, head)
				require.NoError(t, err)
				require.Equal(t, language, written.Language, "the letter fell back to English")
				check(t, example, written)
			})
		}
	}
}

// letterNames reads the constants of type Letter from the source, so that a new
// letter cannot be forgotten here.
func letterNames(t *testing.T) []certification.Letter {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../certification/notice.go", nil, 0)
	require.NoError(t, err)
	var names []certification.Letter
	ast.Inspect(file, func(node ast.Node) bool {
		spec, isValue := node.(*ast.ValueSpec)
		if !isValue {
			return true
		}
		if kind, named := spec.Type.(*ast.Ident); named && kind.Name == "Letter" {
			name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			names = append(names, certification.Letter(name))
		}
		return true
	})
	require.NotEmpty(t, names)
	return names
}

func TestEveryLetterOfTheProgramIsWritten(t *testing.T) {
	var listed []certification.Letter
	for _, example := range List() {
		listed = append(listed, example.Letter)
	}
	require.Equal(t, letterNames(t), listed)
}

func TestEveryLetterComposes(t *testing.T) {
	everyLetter(t, func(t *testing.T, example Example, written Composed) {
		for name, part := range map[string]string{"subject": written.Subject, "text": written.Text, "HTML": written.HTML} {
			require.NotEmpty(t, strings.TrimSpace(part), name)
			for _, sign := range []string{"<no value>", "&lt;no value&gt;", "%!", "⟦", "{{", "ZgotmplZ", "\x00"} {
				require.NotContains(t, strings.ReplaceAll(part, example.Notice.CaseID, ""), sign, name)
			}
		}
		direction := map[string]string{"ar": "rtl"}[written.Language]
		if direction == "" {
			direction = "ltr"
		}
		for _, follows := range []string{"\n<head>", "\n<main>"} {
			require.Equal(t, 1, strings.Count(written.HTML, `lang="`+written.Language+`" dir="`+direction+`">`+follows))
		}
		require.NotContains(t, written.Subject, "\u2068", "a mail program shows a subject alone")
		require.Contains(t, written.Text, head.Operator)
		words := web.Words(written.Language)
		next := "\n\n(" + strings.Join([]string{words.Say("letter.next", nil), words.Say("home.yours", nil)}, "|") + ")\n"
		require.Regexp(t, next, written.Text, "what happens next has a heading")
		links := regexp.MustCompile(`https?://\S+`).FindAllString(written.Text, -1)
		switch example.Letter {
		case certification.LetterConfirmAddress:
			require.Empty(t, links)
			require.Contains(t, written.Text, example.Notice.Code)
			return
		case certification.LetterAddressChanged:
			require.Equal(t, []string{"https://portal.example.test/" + written.Language + "/help"}, links)
			return
		}
		require.Equal(t, []string{"https://portal.example.test/" + written.Language + "/cases/" + example.Notice.CaseID}, links)
		require.Contains(t, written.HTML, `href="`+links[0]+`"`)
		require.Contains(t, written.Text, example.Notice.Name)
		require.Contains(t, written.Text, example.Notice.CaseNumber)
	})
}

// Text and HTML must not drift apart.
func TestTextAndHTMLSayTheSame(t *testing.T) {
	everyLetter(t, func(t *testing.T, _ Example, written Composed) {
		text := regexp.MustCompile(`(?m)^[^\n]*:\nhttps://\S+$`).ReplaceAllStringFunc(written.Text, func(link string) string {
			words, _, _ := strings.Cut(link, ":")
			return words
		})
		text = regexp.MustCompile(`(?m)^- `).ReplaceAllString(text, "")
		require.Equal(t, wordsOf(withoutMarks(text)), wordsOf(visible(t, written.HTML)))
	})
}

func wordsOf(text string) string { return strings.Join(strings.Fields(text), " ") }

// visible is the text of the body of a page.
func visible(t *testing.T, page string) string {
	t.Helper()
	document, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var out strings.Builder
	var walk func(*html.Node, bool)
	walk = func(node *html.Node, inBody bool) {
		if node.Type == html.TextNode && inBody {
			out.WriteString(node.Data)
		}
		if node.Data == "br" || node.Data == "span" {
			out.WriteString(" ")
		}
		for child := range node.ChildNodes() {
			walk(child, inBody || node.Data == "body")
		}
	}
	walk(document, false)
	return out.String()
}

func TestALetterFailsWithoutAFactItNeeds(t *testing.T) {
	empty := func(notice *certification.Notice, fact string) {
		if fact == "code" {
			notice.Code = ""
			return
		}
		raw, err := json.Marshal(notice.Facts)
		require.NoError(t, err)
		facts := map[string]any{}
		require.NoError(t, json.Unmarshal(raw, &facts))
		require.Contains(t, facts, fact, "a fact has the name of its field")
		delete(facts, fact)
		raw, err = json.Marshal(facts)
		require.NoError(t, err)
		notice.Facts = certification.Facts{}
		require.NoError(t, json.Unmarshal(raw, &notice.Facts))
	}
	for _, example := range List() {
		for _, fact := range example.Needs {
			notice := example.Notice
			empty(&notice, fact)
			_, err := Compose(notice, head)
			require.ErrorContains(t, err, "needs "+fact, "letter %s", example.Letter)
		}
		if example.Notice.CaseID == "" {
			continue // about an address
		}
		for name, change := range map[string]func(*certification.Notice){
			"case_id":     func(n *certification.Notice) { n.CaseID = "../../elsewhere" },
			"case_number": func(n *certification.Notice) { n.CaseNumber = "" },
		} {
			notice := example.Notice
			change(&notice)
			_, err := Compose(notice, head)
			require.ErrorContains(t, err, "needs "+name)
		}
	}
	_, err := Compose(certification.Notice{Letter: "no_such_letter"}, head)
	require.ErrorContains(t, err, "no_such_letter")
}

// A fact that only a comment names is not a fact of the letter: the table must
// agree with what certification says beside each name.
func TestTheTableAgreesWithTheCommentsOfTheProgram(t *testing.T) {
	source, err := os.ReadFile("../certification/notice.go")
	require.NoError(t, err)
	names := map[string]string{
		"DueAt": "due_at", "Fee": "fee", "AmountCents": "amount_cents", "PaidAt": "paid_at", "PaymentID": "payment_id",
		"Reasons": "reasons", "WindowEndsAt": "window_ends_at", "AttemptsLeft": "attempts_left", "AppointmentAt": "appointment_at",
		"ExamLanguage": "exam_language", "CertificateNumber": "certificate_number", "ExpiresAt": "expires_at", "DaysLeft": "days_left",
		"RenewUntil": "renew_until",
	}
	lines := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)Letter = "(\w+)"[^\n/]*(?://(.*))?$`).FindAllStringSubmatch(string(source), -1) {
		lines[match[1]] = match[2]
	}
	for _, example := range List() {
		comment, found := lines[string(example.Letter)]
		require.True(t, found)
		var expected []string
		for _, word := range regexp.MustCompile(`\w+`).FindAllString(comment, -1) {
			// "we missed DueAt" names it as well.
			if name, isFact := names[word]; isFact {
				expected = append(expected, name)
			}
		}
		if example.Letter == certification.LetterConfirmAddress {
			expected = []string{"code"}
		}
		if example.Letter == certification.LetterReviewResumed || example.Letter == certification.LetterResultsNotPassed {
			require.NotEmpty(t, expected)
		}
		require.ElementsMatch(t, expected, example.Needs, "letter %s", example.Letter)
	}
}

func TestEveryReasonHasItsSentences(t *testing.T) {
	reviewOf := map[certification.Review][2]certification.Letter{
		certification.ReviewApplication: {certification.LetterApplicationReturned, certification.LetterApplicationDenied},
		certification.ReviewTraining:    {certification.LetterTrainingReturned, ""},
		certification.ReviewRenewal:     {certification.LetterRenewalReturned, certification.LetterRenewalDenied},
	}
	examples := map[certification.Letter]certification.Notice{}
	for _, example := range List() {
		examples[example.Letter] = example.Notice
	}
	for _, rule := range certification.Reasons {
		for _, review := range rule.Reviews {
			for i, letter := range reviewOf[review] {
				if letter == "" || i == 0 && !rule.CanBePutRight {
					continue
				}
				for _, language := range languages {
					notice := examples[letter]
					notice.Language = language
					notice.Facts.Reasons = []certification.ReasonCode{rule.Code, rule.Code}
					notice.Notes = map[certification.ReasonCode]string{rule.Code: "First line.\r\nSecond line."}
					written, err := Compose(notice, head)
					require.NoError(t, err, "%s in %s", rule.Code, letter)
					require.Equal(t, language, written.Language)
					words := web.Words(language)
					wrong, err := words.Find("reason."+string(rule.Code)+".wrong", words.Rules(notice.Policy))
					require.NoError(t, err)
					require.Equal(t, 1, strings.Count(written.Text, wrong), "a reason is said once")
					require.Contains(t, withoutMarks(written.Text), "First line.\n  Second line.")
					require.Contains(t, strings.NewReplacer("<bdi>", "", "</bdi>", "").Replace(written.HTML), "First line.\nSecond line.")
					do, err := words.Find("reason."+string(rule.Code)+".do", words.Rules(notice.Policy))
					if rule.CanBePutRight {
						require.NoError(t, err)
						require.Equal(t, i == 0, strings.Contains(written.Text, do), "what to do is said when something is returned, not when it is denied")
					}
				}
			}
		}
		if !rule.NeedsNote {
			continue
		}
		notice := examples[certification.LetterApplicationDenied]
		notice.Facts.Reasons, notice.Notes = []certification.ReasonCode{rule.Code}, map[certification.ReasonCode]string{rule.Code: " \n "}
		_, err := Compose(notice, head)
		require.ErrorContains(t, err, "note", "reason %s", rule.Code)
	}
	notice := examples[certification.LetterApplicationReturned]
	notice.Facts.Reasons = []certification.ReasonCode{"NO_SUCH_REASON"}
	_, err := Compose(notice, head)
	require.ErrorContains(t, err, "NO_SUCH_REASON")
}

func TestEveryFeeAndExamLanguageHasAName(t *testing.T) {
	for _, language := range languages {
		for _, fee := range []certification.Fee{
			certification.FeeApplication, certification.FeeExam, certification.FeeRetake, certification.FeeRenewal, certification.FeeLateRenewal,
		} {
			_, err := web.Words(language).Find("fee."+string(fee), nil)
			require.NoError(t, err)
		}
		for _, exam := range certification.ExamLanguages {
			_, err := web.Words(language).Find("exam_language."+exam, nil)
			require.NoError(t, err)
		}
	}
}

func TestNoSentenceOfALetterIsUnused(t *testing.T) {
	used := map[string]bool{
		"letter.greeting": true, "letter.greeting_nobody": true, "letter.reviewer_note": true, "letter.next": true,
		"letter.open_case": true, "letter.regards": true, "letter.why": true, "letter.why_no_case": true, "letter.why_former": true, "letter.get_help": true, "letter.demonstration": true,
	}
	for _, row := range letters {
		used[fmt.Sprintf("letter.%s.subject", row.name)] = true
		require.Positive(t, row.body, "every letter says something")
		for i := range row.body {
			used[fmt.Sprintf("letter.%s.body_%d", row.name, i+1)] = true
		}
		next, paid := row.nextOf(exampleOf(row)), exampleOf(row)
		paid.Facts.Fee = "" // as where it was paid before
		next = append(next, row.nextOf(paid)...)
		denied := exampleOf(row)
		denied.Facts.Stage = certification.StageDenied // as where a certificate was given back whose renewal had been denied
		next = append(next, row.nextOf(denied)...)
		require.NotEmpty(t, next, "letter %s says what happens next", row.name)
		for _, key := range next {
			if strings.HasPrefix(key, "letter.") {
				require.True(t, strings.HasPrefix(key, "letter."+string(row.name)+".next_"), key)
			}
			used[key] = true
		}
	}
	for _, rule := range certification.Reasons {
		used["reason."+string(rule.Code)+".wrong"] = true
		if rule.CanBePutRight {
			used["reason."+string(rule.Code)+".do"] = true
		}
	}
	for key := range sentences(t, "letters", "shared") {
		if strings.HasPrefix(key, "letter.") || strings.HasPrefix(key, "reason.") {
			require.True(t, used[key], "%s is used by no letter", key)
		}
	}
}

// sentences are the English words of some files, by their keys.
func sentences(t *testing.T, names ...string) map[string]any {
	t.Helper()
	catalogue := map[string]any{}
	for _, name := range names {
		raw, err := os.ReadFile("../web/catalogues/en/" + name + ".json")
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, &catalogue))
	}
	return catalogue
}

// Letters that were written before their facts said where the case stands are read again
// years later: what they need is enough.
func TestALetterComposesWithNothingButWhatItNeeds(t *testing.T) {
	all := map[string]func(from certification.Facts, to *certification.Facts){
		"due_at":             func(from certification.Facts, to *certification.Facts) { to.DueAt = from.DueAt },
		"fee":                func(from certification.Facts, to *certification.Facts) { to.Fee = from.Fee },
		"amount_cents":       func(from certification.Facts, to *certification.Facts) { to.AmountCents = from.AmountCents },
		"payment_id":         func(from certification.Facts, to *certification.Facts) { to.PaymentID = from.PaymentID },
		"paid_at":            func(from certification.Facts, to *certification.Facts) { to.PaidAt = from.PaidAt },
		"reasons":            func(from certification.Facts, to *certification.Facts) { to.Reasons = from.Reasons },
		"window_ends_at":     func(from certification.Facts, to *certification.Facts) { to.WindowEndsAt = from.WindowEndsAt },
		"attempts_left":      func(from certification.Facts, to *certification.Facts) { to.AttemptsLeft = from.AttemptsLeft },
		"appointment_at":     func(from certification.Facts, to *certification.Facts) { to.AppointmentAt = from.AppointmentAt },
		"exam_language":      func(from certification.Facts, to *certification.Facts) { to.ExamLanguage = from.ExamLanguage },
		"certificate_number": func(from certification.Facts, to *certification.Facts) { to.CertificateNumber = from.CertificateNumber },
		"expires_at":         func(from certification.Facts, to *certification.Facts) { to.ExpiresAt = from.ExpiresAt },
		"days_left":          func(from certification.Facts, to *certification.Facts) { to.DaysLeft = from.DaysLeft },
		"renew_until":        func(from certification.Facts, to *certification.Facts) { to.RenewUntil = from.RenewUntil },
		"code":               func(certification.Facts, *certification.Facts) {},
	}
	for _, example := range List() {
		for _, language := range languages {
			notice := example.Notice
			notice.Language, notice.Facts = language, certification.Facts{}
			for _, fact := range example.Needs {
				require.Contains(t, all, fact)
				all[fact](example.Notice.Facts, &notice.Facts)
			}
			written, err := Compose(notice, head)
			require.NoError(t, err)
			require.Equal(t, language, written.Language, "letter %s", example.Letter)
		}
	}
}

// A letter about a renewal names no price where the fee was paid before, and says so.
func TestALetterAboutAPaidRenewalNamesNoPrice(t *testing.T) {
	for _, language := range languages {
		for name, says := range map[certification.Letter]string{
			certification.LetterRenewalReminder: "home.renewal_paid.yours", certification.LetterRenewalEnded: "letter.renewal_ended.next_1",
			certification.LetterExpired: "home.renewal_paid.ours",
		} {
			row, _ := letterOf(name)
			notice := exampleOf(row)
			words := web.Words(language)
			variables := words.Rules(notice.Policy)
			variables["DueBy"] = words.By(notice.Facts.DueAt)
			price, said := words.Money(notice.Facts.AmountCents), words.Say(says, variables)
			notice.Language = language
			written, err := Compose(notice, head)
			require.NoError(t, err)
			require.Equal(t, row.priced > 0, strings.Contains(written.Text, price), name)
			require.NotContains(t, written.Text, said, name)
			notice.Facts.Fee, notice.Facts.AmountCents = "", 0
			written, err = Compose(notice, head)
			require.NoError(t, err)
			require.NotContains(t, written.Text, price, name)
			require.Contains(t, written.Text, said, name)
		}
	}
}

// Numbers of the rules come from a policy: without one a letter that says them is not
// written, rather than with a 0.
func TestALetterWithNumbersNeedsAPolicy(t *testing.T) {
	row, _ := letterOf(certification.LetterRenewalReminder)
	notice := exampleOf(row)
	notice.Policy = certification.Policy{}
	_, err := Compose(notice, head)
	require.ErrorContains(t, err, "letter.renewal_reminder.body_2")
}

// While a case is on hold nobody is told a step, nor a day that does not count.
func TestALetterOfACaseOnHoldSaysSo(t *testing.T) {
	for _, language := range languages {
		words := web.Words(language)
		for _, name := range []certification.Letter{
			certification.LetterApplicationReceived, certification.LetterExamFeeDue, certification.LetterRevoked, certification.LetterApplicationDenied,
		} {
			row, _ := letterOf(name)
			notice := exampleOf(row)
			notice.Language, notice.Facts.HoldDueAt = language, notice.Facts.PaidAt
			written, err := Compose(notice, head)
			require.NoError(t, err)
			require.Contains(t, written.Text, words.Say("home.on_hold.yours", nil), name)
			require.Contains(t, written.Text, words.Say("home.on_hold.ours", map[string]any{"HoldBy": words.By(notice.Facts.HoldDueAt)}), name)
			require.NotContains(t, written.Text, words.By(notice.Facts.DueAt), "%s names a day that is stopped", name)
		}
	}
}

// Every fact a letter demands is there to be said.
func TestNoFactIsDemandedInVain(t *testing.T) {
	variablesOf := map[string][]string{
		"due_at": {"Due", "DueBy", "DueDay"}, "window_ends_at": {"WindowBy", "WindowUntil"}, "expires_at": {"ExpiresBy", "ExpiresUntil", "ExpiresDay"},
		"appointment_at": {"AppointmentMoment"}, "paid_at": {"PaidDay"}, "amount_cents": {"Amount"}, "payment_id": {"PaymentID"},
		"attempts_left": {"Count"}, "days_left": {"Count"}, "certificate_number": {"CertificateNumber"}, "code": {"Code"},
		"fee": {"Fee"}, "exam_language": {"ExamLanguage"}, "renew_until": {"RenewUntil"},
	}
	catalogue := sentences(t, "letters", "shared", "home")
	for _, example := range List() {
		row, _ := letterOf(example.Letter)
		next := row.nextOf(example.Notice)
		var all strings.Builder
		for key, sentence := range catalogue {
			if strings.HasPrefix(key, "letter."+string(example.Letter)+".") || slices.Contains(next, key) {
				fmt.Fprint(&all, sentence)
			}
		}
		for _, fact := range example.Needs {
			if fact == "reasons" {
				continue
			}
			said := false
			for _, variable := range variablesOf[fact] {
				said = said || strings.Contains(all.String(), "{{."+variable+"}}")
			}
			require.True(t, said, "letter %s demands %s and does not say it", example.Letter, fact)
		}
	}
}

func TestSubjectsRevealNothing(t *testing.T) {
	// Beginnings of words in English and Spanish.
	revealing := []string{
		"peer", "par ", "pares", "medi-cal", "support", "apoyo", "lived", "vivid", "experienc", "recover", "recuper", "mental", "substance", "sustanc",
		"addict", "adicc", "health", "salud", "accommod", "adaptac", "ajuste", "disab", "discap",
		"den", "reject", "rechaz", "refus", "approv", "aprob", "accept", "acept", "pass", "fail", "reprob", "suspen", "revo", "reinst",
		"expir", "venc", "appeal", "apel", "withdr", "retir", "surrend", "vacat", "anul", "hold", "late ren", "lapse",
		"congrat", "felici", "sorry to", "lamentamos", "unfortun", "declin", "waive", "exen",
	}
	// Parts of words in Arabic, where "and", "the" and "for" are written as one with them.
	revealingParts := []string{
		"قران", "نظير", "دعم", "ميدي", "تجرب", "تعاف", "نفسي", "إدمان", "مخدر", "صح", "إعاق", "ترتيبات", "رفض", "مرفوض", "وافق", "قبول", "قبلنا",
		"نجح", "نجاح", "رسب", "رسوب", "اجتز", "اجتياز", "أوقف", "إيقاف", "موقوف", "سحب", "ألغ", "إلغاء", "انته", "منته", "اعتراض", "تظلم", "تنازل",
		"أعدت", "تعليق", "متأخر", "تهان", "مبروك", "نأسف", "للأسف", "إعفاء",
	}
	everyLetter(t, func(t *testing.T, example Example, written Composed) {
		subject := strings.ToLower(written.Subject)
		for _, beginning := range revealing {
			require.NotRegexp(t, `(^|[^\pL])`+regexp.QuoteMeta(beginning), subject)
		}
		for _, part := range revealingParts {
			require.NotContains(t, subject, part)
		}
		require.NotContains(t, subject, "$")
		require.NotRegexp(t, `\d`, subject)
		if example.Notice.Name != "" {
			require.NotContains(t, written.Subject, example.Notice.Name)
		}
		require.LessOrEqual(t, len([]rune(written.Subject)), 50, "a phone shows about that much")
	})
}

func TestGoodAndBadNewsHaveTheSameSubject(t *testing.T) {
	subject := map[string]string{}
	everyLetter(t, func(t *testing.T, example Example, written Composed) {
		subject[written.Language+string(example.Letter)] = written.Subject
	})
	for _, same := range [][]certification.Letter{
		{certification.LetterApplicationApproved, certification.LetterApplicationDenied},
		{certification.LetterTrainingAccepted, certification.LetterTrainingReturned},
		{certification.LetterResultsPassed, certification.LetterResultsNotPassed, certification.LetterAttemptsUsed},
		{certification.LetterRenewed, certification.LetterRenewalDenied},
		{certification.LetterAppealGranted, certification.LetterAppealDenied},
		{certification.LetterSuspended, certification.LetterReinstated, certification.LetterRevoked},
	} {
		for _, letter := range same {
			for _, language := range languages {
				require.Equal(t, subject[language+string(same[0])], subject[language+string(letter)])
			}
		}
	}
}

func TestNamesCannotChangeALetter(t *testing.T) {
	var notice certification.Notice
	for _, example := range List() {
		if example.Letter == certification.LetterApplicationReceived {
			notice = example.Notice
		}
	}
	for _, name := range []string{
		"<b>", `"><script>alert(1)</script>`, "{{.Operator}}", "%!s(MISSING)", "O'Brien & Söhne", "Zoe\u0301 N\u0303an\u0303ez", "مريم العلي", "נועה", "علی\u200cرضا", "李小龍", "👩\u200d🔬",
	} {
		notice.Name = name
		written, err := Compose(notice, head)
		require.NoError(t, err)
		require.Contains(t, withoutMarks(written.Text), "Hello "+name+",")
		require.Contains(t, visible(t, written.HTML), "Hello "+name+",", "a reader sees the name as it was typed")
		require.NotContains(t, written.HTML, "<script>")
		require.NotContains(t, written.HTML, "<b>")
		require.Contains(t, written.HTML, "<bdi>")
	}

	for name, cleaned := range map[string]string{
		"Sam\r\nBcc: all@example.test":    "Sam Bcc: all@example.test",
		"Sam\x00\x1b[31m":                 "Sam[31m",
		"\u202Eevil\u202C":                "evil",
		" \t Sam \u2028 Lee ":             "Sam Lee",
		strings.Repeat("\u2066", 3) + "a": "a",
	} {
		notice.Name = name
		written, err := Compose(notice, head)
		require.NoError(t, err)
		require.Contains(t, written.Text, "Hello "+cleaned+",\n")
	}

	notice.Name = " \n"
	written, err := Compose(notice, head)
	require.NoError(t, err)
	require.Contains(t, written.Text, "Hello,\n")
	require.NotContains(t, written.HTML, "<bdi>")
}

// withoutMarks leaves out what only sets words apart and is not seen.
func withoutMarks(text string) string {
	return strings.NewReplacer("\u2068", "", "\u2069", "").Replace(text)
}

// What is no Arabic stands apart, or it would be shown in another order: numbers with
// signs, names, and what a reviewer wrote.
func TestAnArabicLetterSetsApartWhatIsNotArabic(t *testing.T) {
	compose := func(letter certification.Letter, change func(*certification.Notice)) Composed {
		row, _ := letterOf(letter)
		notice := exampleOf(row)
		notice.Language = "ar"
		if change != nil {
			change(&notice)
		}
		written, err := Compose(notice, head)
		require.NoError(t, err)
		return written
	}
	both := func(written Composed, value string) {
		t.Helper()
		require.Contains(t, written.Text, "\u2068"+value+"\u2069")
		require.Contains(t, written.HTML, string(web.KeepWhole([]byte("<bdi>"+value+"</bdi>"))))
		require.NotContains(t, written.HTML, "\u2068")
		require.Equal(t, strings.Count(written.Text, "\u2068"), strings.Count(written.Text, "\u2069"))
	}
	receipt := compose(certification.LetterReceipt, nil)
	example := exampleOf(letters[0])
	for _, value := range []string{head.Operator, "$100.00"} {
		both(receipt, value)
	}
	both(compose(certification.LetterConfirmAddress, nil), example.Code)
	passed, _ := letterOf(certification.LetterResultsPassed)
	both(compose(certification.LetterResultsPassed, nil), exampleOf(passed).Facts.CertificateNumber)
	both(compose(certification.LetterResultsPassed, nil), exampleOf(passed).CaseNumber)
	named := compose(certification.LetterReceipt, func(n *certification.Notice) { n.Name = "Sam (Lee)" })
	both(named, "Sam (Lee)")

	returned := compose(certification.LetterApplicationReturned, func(n *certification.Notice) {
		n.Facts.Reasons = []certification.ReasonCode{"ID_UNREADABLE"}
		n.Notes = map[certification.ReasonCode]string{"ID_UNREADABLE": "It is too dark.\nPlease send <another>."}
	})
	require.Contains(t, returned.Text, "\u2068It is too dark.\u2069\n  \u2068Please send <another>.\u2069")
	require.Contains(t, returned.HTML, "<bdi>It is too dark.</bdi>\n<bdi>Please send &lt;another&gt;.</bdi>")
}

func TestALetterToAnUnconfirmedAddressRepeatsNothing(t *testing.T) {
	for i, letter := range []certification.Letter{certification.LetterConfirmAddress, certification.LetterAddressChanged} {
		notice := List()[i].Notice
		require.Equal(t, letter, notice.Letter)
		notice.Name = "Win a prize at evil.example.test"
		written, err := Compose(notice, head)
		require.NoError(t, err)
		require.NotContains(t, written.Text+written.HTML+written.Subject, "prize")
	}
}

func TestADemonstrationSaysSo(t *testing.T) {
	local := head
	local.Demonstration = true
	for _, language := range languages {
		notice := List()[3].Notice
		notice.Language = language
		written, err := Compose(notice, local)
		require.NoError(t, err)
		line := web.Words(language).Say("letter.demonstration", nil)
		require.Contains(t, line, "CalMHSA")
		require.True(t, strings.HasPrefix(written.Text, line))
		require.Contains(t, written.HTML, line)

		written, err = Compose(notice, head)
		require.NoError(t, err)
		require.NotContains(t, written.Text+written.HTML, "CalMHSA")
	}
}

func TestALanguageWithoutACatalogueGetsEnglish(t *testing.T) {
	notice := List()[3].Notice
	for asked, expected := range map[string]string{"vi": "en", "": "en", "es-419": "es", "ar-EG": "ar"} {
		notice.Language = asked
		written, err := Compose(notice, head)
		require.NoError(t, err)
		require.Equal(t, expected, written.Language)
		require.Contains(t, written.Text, "/"+expected+"/cases/")
	}
}

func TestGoldenLetters(t *testing.T) {
	demonstration := head
	demonstration.Demonstration = true
	for _, letter := range []certification.Letter{
		certification.LetterApplicationReturned, certification.LetterReviewLate, certification.LetterResultsNotPassed, certification.LetterRenewalReminder,
	} {
		for _, language := range languages {
			row, _ := letterOf(letter)
			notice := exampleOf(row)
			notice.Language = language
			written, err := Compose(notice, demonstration)
			require.NoError(t, err)
			for ending, part := range map[string]string{
				"txt": "Subject: " + written.Subject + "\n\n" + written.Text, "html": written.HTML,
			} {
				file := filepath.Join("testdata", fmt.Sprintf("%s.%s.%s", letter, language, ending))
				if *update {
					require.NoError(t, os.WriteFile(file, []byte(part), 0o644))
				}
				golden, err := os.ReadFile(file)
				require.NoError(t, err, "run the test with -update to write it")
				require.Equal(t, string(golden), part, "%s: run with -update if the change is meant", file)
			}
		}
	}
}

func TestEnglishLettersAreEasyToRead(t *testing.T) {
	for _, example := range List() {
		written, err := Compose(example.Notice, head)
		require.NoError(t, err)
		grade := reading.Grade(written.Text)
		require.LessOrEqual(t, grade, 8.0, "letter %s", example.Letter)
		t.Logf("%-22s %.1f", example.Letter, grade)
	}
	for _, rule := range certification.Reasons {
		for _, part := range []string{"wrong", "do"} {
			if sentence, err := web.Words("en").Find("reason."+string(rule.Code)+"."+part, nil); err == nil {
				for _, one := range reading.Sentences(sentence) {
					require.LessOrEqual(t, len(strings.Fields(one)), 20, one)
				}
			}
		}
	}
}

// After the day on which renewal opens, and after the last day of a term, a letter names no
// day that has passed as the next one.
func TestALetterAboutTimeGivenToRenewNamesTheDayThatCounts(t *testing.T) {
	day := func(year int, month time.Month, day int) time.Time {
		return certification.EndOfDay(time.Date(year, month, day, 12, 0, 0, 0, certification.Pacific))
	}
	passed, until := day(2026, time.January, 3), day(2026, time.June, 20)
	for _, language := range languages {
		words := web.Words(language)
		for _, name := range []certification.Letter{certification.LetterHoldReleased, certification.LetterTimeToRenew} {
			row, _ := letterOf(name)
			notice := exampleOf(row)
			notice.Language = language
			notice.Facts.ExpiresAt, notice.Facts.RenewUntil, notice.Facts.TimeGiven = day(2026, time.March, 3), until, true
			if notice.Facts.DueAt = until; name == certification.LetterHoldReleased {
				notice.Facts.Stage, notice.Facts.DueAt = certification.StageCertified, passed
			}
			written, err := Compose(notice, head)
			require.NoError(t, err)
			require.NotContains(t, written.Text, words.Date(passed), name)
			require.Contains(t, written.Text, words.Until(until), name)
			require.Contains(t, written.Text, words.Date(notice.Facts.ExpiresAt), name)
			require.NotContains(t, written.Text, words.Say("consequence.expired", nil), name)
		}
	}
}
