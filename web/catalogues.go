// Package web holds what pages and letters share. Here: their words, one
// catalogue a language, and how a language says dates and money.
package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
	"golang.org/x/text/language"
)

// ErrNoWords is returned for a key that a language has no words for.
var ErrNoWords = errors.New("no words for this key in this language")

// A language is a folder, named by its BCP 47 tag. What it is called, how it is
// written and whether a person reviewed it are words of its own.
//
//go:embed catalogues/*/*.json
var files embed.FS

// catalogues are read once, when first asked for, and never change after. It
// panics on a catalogue that is not one: they are compiled in, so it is a mistake
// of the programmer, and every test meets it.
var catalogues = sync.OnceValue(func() library {
	folder, err := fs.Sub(files, "catalogues")
	if err != nil {
		panic(fmt.Sprintf("web: opening the catalogues: %v", err))
	}
	read, err := readLibrary(folder)
	if err != nil {
		panic(fmt.Sprintf("web: reading the catalogues: %v", err))
	}
	return read
})

// library is every catalogue, English first, the others in the order of their tags.
type library struct {
	all     []*catalogue
	offered []string // see Languages
	matcher language.Matcher
}

// catalogue is the words of one language.
type catalogue struct {
	tag     language.Tag
	entries map[string]entry
	say     *i18n.Localizer
}

// entry is what a catalogue says for one key.
type entry struct {
	description string // for translators
	// forms are sentences by their CLDR plural form. Most entries have only "other".
	forms map[string]string
}

// pluralForms are the names a form may have.
var pluralForms = []string{"zero", "one", "two", "few", "many", "other"}

func readLibrary(folder fs.FS) (library, error) {
	folders, err := fs.ReadDir(folder, ".")
	if err != nil {
		return library{}, fmt.Errorf("listing the languages: %w", err)
	}
	var read library
	for _, one := range folders {
		tag, err := language.Parse(one.Name())
		if err != nil || tag.String() != one.Name() {
			return library{}, fmt.Errorf("the folder %s is not named as a BCP 47 tag is written", one.Name())
		}
		entries, err := readEntries(folder, one.Name())
		if err != nil {
			return library{}, err
		}
		catalogue, err := newCatalogue(tag, entries)
		if err != nil {
			return library{}, err
		}
		if tag == language.English {
			read.all = slices.Insert(read.all, 0, catalogue)
		} else {
			read.all = append(read.all, catalogue)
		}
	}
	if len(read.all) == 0 || read.all[0].tag != language.English {
		return library{}, errors.New("there is no English")
	}
	var tags []language.Tag
	for _, catalogue := range read.all {
		tags = append(tags, catalogue.tag)
		if err := catalogue.describesItself(); err != nil {
			return library{}, err
		}
		if catalogue.saysEnoughOf(read.all[0]) {
			read.offered = append(read.offered, catalogue.tag.String())
		}
	}
	read.matcher = language.NewMatcher(tags) // the first is the one for who asks for none of them
	return read, nil
}

// readEntries reads all files of a language. Where a key stands is for those who
// write: for those who read, the files are one catalogue.
func readEntries(folder fs.FS, tag string) (map[string]entry, error) {
	names, err := fs.Glob(folder, tag+"/*.json")
	if err != nil {
		return nil, fmt.Errorf("listing the words of %s: %w", tag, err)
	}
	entries, in := map[string]entry{}, map[string]string{}
	for _, name := range names {
		raw, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		err = eachMember(raw, func(key string, value json.RawMessage) error {
			if before, twice := in[key]; twice {
				return fmt.Errorf("the key %s is there twice, first in %s", key, path.Base(before))
			}
			one, err := readEntry(value)
			if err != nil {
				return fmt.Errorf("the key %s: %w", key, err)
			}
			entries[key], in[key] = one, name
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
	}
	return entries, nil
}

// readEntry reads a sentence, or an object of sentences by plural form with a
// description for translators.
func readEntry(raw json.RawMessage) (entry, error) {
	var sentence string
	if err := json.Unmarshal(raw, &sentence); err == nil {
		return entry{forms: map[string]string{"other": sentence}}, nil
	}
	read := entry{forms: map[string]string{}}
	err := eachMember(raw, func(name string, value json.RawMessage) error {
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return fmt.Errorf("%s is no text", name)
		}
		switch _, twice := read.forms[name]; {
		case name == "description":
			read.description = text
		case twice:
			return fmt.Errorf("%s is there twice", name)
		case slices.Contains(pluralForms, name):
			read.forms[name] = text
		default:
			return fmt.Errorf("%s is no plural form", name)
		}
		return nil
	})
	if err == nil && read.forms["other"] == "" {
		err = errors.New(`the form "other" is missing`)
	}
	return read, err
}

// eachMember goes through the members of a JSON object in their order. The
// standard library's own maps would hide a name that is there twice.
func eachMember(raw []byte, visit func(name string, value json.RawMessage) error) error {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return errors.New("it is no JSON object")
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return fmt.Errorf("it is no JSON object: %w", err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return fmt.Errorf("the value of %v is no JSON: %w", name, err)
		}
		if err := visit(name.(string), value); err != nil {
			return err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return fmt.Errorf("it is no JSON object: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("something stands after the end of the object")
	}
	return nil
}

func newCatalogue(tag language.Tag, entries map[string]entry) (*catalogue, error) {
	bundle := i18n.NewBundle(tag)
	for key, entry := range entries {
		err := bundle.AddMessages(tag, &i18n.Message{
			ID: key, Zero: entry.forms["zero"], One: entry.forms["one"], Two: entry.forms["two"],
			Few: entry.forms["few"], Many: entry.forms["many"], Other: entry.forms["other"],
		})
		if err != nil {
			return nil, fmt.Errorf("adding the words of %s: %w", tag, err)
		}
	}
	return &catalogue{tag: tag, entries: entries, say: i18n.NewLocalizer(bundle, tag.String())}, nil
}

// describesItself says what a catalogue does not tell about its language.
func (c *catalogue) describesItself() error {
	for key, allowed := range map[string][]string{
		"language.name": nil, "language.direction": {"ltr", "rtl"}, "language.reviewed": {"yes", "no"},
	} {
		said := c.entries[key].forms["other"]
		if said == "" || allowed != nil && !slices.Contains(allowed, said) {
			return fmt.Errorf("the catalogue %s does not say its %s", c.tag, key)
		}
	}
	return nil
}

// offeredAt is the part of the English keys, in percent, that a language must have
// words for before people are offered it. What is missing is said in English, and a
// page that is half in English helps nobody.
const offeredAt = 95

func (c *catalogue) saysEnoughOf(english *catalogue) bool {
	said := 0
	for key := range english.entries {
		if _, known := c.entries[key]; known {
			said++
		}
	}
	return said*100 >= len(english.entries)*offeredAt
}

// Languages lists the languages that people are offered, as BCP 47 tags, English
// first: those that say nearly all that English says.
func Languages() []string { return slices.Clone(catalogues().offered) }

// Localizer says things in one language. It is safe for concurrent use.
type Localizer struct {
	own, english *catalogue
}

// Words finds the localizer for a BCP 47 tag: the nearest language there is a
// catalogue for ("es-MX" is "es"), English when none is near or the tag is not one.
func Words(tag string) *Localizer {
	library := catalogues()
	_, index, confidence := library.matcher.Match(language.Make(tag))
	if confidence == language.No {
		index = 0
	}
	return &Localizer{own: library.all[index], english: library.all[0]}
}

// Language is the BCP 47 tag of the localizer's language, such as "es".
func (l *Localizer) Language() string { return l.own.tag.String() }

// Name is what the language calls itself, such as "Español".
func (l *Localizer) Name() string { return l.Say("language.name", nil) }

// Direction is "ltr" or "rtl", for the dir attribute.
func (l *Localizer) Direction() string { return l.Say("language.direction", nil) }

// Reviewed says whether a person who speaks the language has read its words. Pages
// in a language that nobody reviewed say so.
func (l *Localizer) Reviewed() bool { return l.Say("language.reviewed", nil) == "yes" }

// Say gives the words for a key, with its variables filled in. The variable Count,
// an int, chooses the plural form. Words that the language lacks are said in
// English. What cannot be said at all comes out as the key in ⟦ ⟧, so that it is
// seen and tests can find it; use Find where that must not happen.
func (l *Localizer) Say(key string, variables map[string]any) string {
	if said, err := l.own.find(key, variables); err == nil {
		return said
	}
	if said, err := l.english.find(key, variables); err == nil {
		return said
	}
	return "⟦" + key + "⟧"
}

// Find is Say without a way out: ErrNoWords for a key that this language lacks,
// another error for a variable or a plural form that is missing.
func (l *Localizer) Find(key string, variables map[string]any) (string, error) {
	return l.own.find(key, variables)
}

func (c *catalogue) find(key string, variables map[string]any) (string, error) {
	entry, known := c.entries[key]
	if !known {
		return "", fmt.Errorf("saying %s in %s: %w", key, c.tag, ErrNoWords)
	}
	asked := &i18n.LocalizeConfig{
		MessageID: key, TemplateData: variables,
		TemplateParser: &template.TextParser{Option: "missingkey=error"},
	}
	if variables == nil {
		asked.TemplateData = map[string]any{}
	}
	// Only an entry with more than one form may be given a count: another would look
	// for a form it does not have.
	if len(entry.forms) > 1 {
		count, given := variables["Count"]
		if !given {
			return "", fmt.Errorf("saying %s in %s: the variable Count is missing", key, c.tag)
		}
		asked.PluralCount = count
	}
	said, err := c.say.Localize(asked)
	if err != nil {
		return "", fmt.Errorf("saying %s in %s: %w", key, c.tag, err)
	}
	if strings.TrimSpace(said) == "" {
		return "", fmt.Errorf("saying %s in %s: %w", key, c.tag, ErrNoWords)
	}
	return said, nil
}
