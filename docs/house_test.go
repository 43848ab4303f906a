package docs_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "peercert"

// mayImport says which of our folders the Go files of a folder may import, tests
// aside: the arrows of docs/architecture.md. A folder that is not in this table
// fails the test, so that a new one gets its place in the house on purpose.
var mayImport = map[string][]string{
	"certification": {},
	"config":        {},
	"film":          {},
	"web":           {"certification"},
	"activities":    {"certification"},
	"workflows":     {"certification", "activities"},
	"store":         {"certification"},
	"documents":     {"certification"},
	"payments":      {"certification"},
	"exams":         {"certification"},
	"notices":       {"certification", "web"},
	// The door reads the records itself: see "What cases may do" in the page.
	"cases": {"certification", "workflows", "store"},
	"worker": {
		"activities", "cases", "certification", "config", "documents", "exams", "film", "notices", "payments", "store", "workflows",
	},
	"api":     {"cases", "certification"},
	"portal":  {"cases", "certification", "config", "film", "payments", "store", "web"}, // of the store its sessions, of payments where they lead back
	"desk":    {"cases", "certification", "web"},
	"console": {"cases", "certification", "config", "store", "web"}, // of the store its sessions
	"main":    {"api", "cases", "certification", "config", "console", "desk", "portal", "store", "worker"},
}

// beside the product: programs that run it, and what measures it. Nothing of the
// product may import them.
var beside = []string{"local", "bench", "docs"}

// drivers are what reaches outside, and the folders that may.
var drivers = map[string][]string{
	"github.com/jackc/pgx":         {"store"},
	"github.com/aws/aws-sdk-go-v2": {"documents"},
	"github.com/stripe/stripe-go":  {"payments"},
	"github.com/wneessen/go-mail":  {"notices"},
	"github.com/gin-gonic/gin":     {"api", "console", "portal", "web"}, // of web what serves pages
}

// goList runs go list at the root and gives its lines. What tests import does not
// count.
func goList(t *testing.T, arguments ...string) []string {
	t.Helper()
	command := exec.Command("go", append([]string{"list"}, arguments...)...)
	command.Dir = root
	output, err := command.Output()
	if exit, is := err.(*exec.ExitError); is {
		t.Fatalf("go list: %s", exit.Stderr)
	}
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(output)), "\n")
}

// folderOf is the folder of the house that a package of ours is in.
func folderOf(path string) (folder string, ours bool) {
	if path == module {
		return "main", true
	}
	rest, ours := strings.CutPrefix(path, module+"/")
	folder, _, _ = strings.Cut(rest, "/")
	return folder, ours
}

func TestArrowsPointOneWay(t *testing.T) {
	for _, line := range goList(t, "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...") {
		imports := strings.Fields(line)
		folder, _ := folderOf(imports[0])
		if slices.Contains(beside, folder) {
			continue
		}
		allowed, known := mayImport[folder]
		require.True(t, known, "%s has no place in the house: give it one in docs/house_test.go and docs/architecture.md", folder)
		for _, imported := range imports[1:] {
			if other, ours := folderOf(imported); ours && other != folder {
				require.Contains(t, allowed, other, "%s imports %s", imports[0], imported)
			}
			for driver, owners := range drivers {
				if strings.HasPrefix(imported, driver) {
					require.Contains(t, owners, folder, "%s imports %s, which only %s may", imports[0], imported, owners)
				}
			}
		}
	}
}

// A case is replayed for years and a rule is asked everywhere: neither may reach a
// driver, not even through somebody else.
func TestCoreReachesNoDriver(t *testing.T) {
	for _, folder := range []string{"certification", "activities", "workflows"} {
		for _, reached := range goList(t, "-deps", "./"+folder) {
			for driver := range drivers {
				require.False(t, strings.HasPrefix(reached, driver), "%s reaches %s", folder, reached)
			}
		}
	}
}

func TestProductKnowsNothingOfTheDemonstration(t *testing.T) {
	for _, reached := range goList(t, "-deps", ".") {
		if folder, ours := folderOf(reached); ours {
			require.NotContains(t, beside, folder, "the product reaches %s", reached)
		}
	}
}

func TestNoPackageForOddsAndEnds(t *testing.T) {
	for _, name := range goList(t, "-f", "{{.Name}}", "./...") {
		require.NotContains(t, []string{"util", "utils", "common", "helpers", "types"}, name)
	}
}
