// Package web holds what pages and letters share. Here: their words, one
// catalogue a language, and how a language says dates and money.
package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
	"golang.org/x/text/language"
)

// ErrNoWords is returned for a key that a language has no words for.
var ErrNoWords = errors.New("no words for this key in this language")

//go:embed catalogues/*.json
var files embed.FS

// catalogues are read once, when first asked for, and never change after.
var catalogues = sync.OnceValue(read)

type catalogue struct {
	bundle  *i18n.Bundle
	matcher language.Matcher
	tags    []language.Tag
	// plural says for each language which keys have more than one form. Only those
	// may be given a count: the others would look for a form they do not have.
	plural map[language.Tag]map[string]bool
}

// read panics on a catalogue that is not one: it is compiled in, so it is a
// mistake of the programmer, and every test meets it.
func read() catalogue {
	c := catalogue{bundle: i18n.NewBundle(language.English), plural: map[language.Tag]map[string]bool{}}
	c.bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	entries, err := files.ReadDir("catalogues")
	if err != nil {
		panic(fmt.Sprintf("web: listing the catalogues: %v", err))
	}
	for _, entry := range entries {
		file, err := c.bundle.LoadMessageFileFS(files, "catalogues/"+entry.Name())
		if err != nil {
			panic(fmt.Sprintf("web: reading a catalogue: %v", err))
		}
		c.plural[file.Tag] = map[string]bool{}
		for _, message := range file.Messages {
			forms := message.Zero + message.One + message.Two + message.Few + message.Many
			c.plural[file.Tag][message.ID] = forms != ""
		}
	}
	c.tags = c.bundle.LanguageTags() // English, the default, comes first
	c.matcher = language.NewMatcher(c.tags)
	return c
}

// Languages lists the languages there are catalogues for, as BCP 47 tags, English
// first.
func Languages() []string {
	var languages []string
	for _, tag := range catalogues().tags {
		languages = append(languages, tag.String())
	}
	slices.Sort(languages[1:])
	return languages
}

// Localizer says things in one language. It is safe for concurrent use.
type Localizer struct {
	tag     language.Tag
	words   catalogue
	english *i18n.Localizer
	own     *i18n.Localizer
}

// Words finds the localizer for a BCP 47 tag: the nearest language there is a
// catalogue for ("es-MX" is "es"), English when none is near or the tag is not one.
func Words(tag string) *Localizer {
	c := catalogues()
	_, index, confidence := c.matcher.Match(language.Make(tag))
	if confidence == language.No {
		index = 0
	}
	found := c.tags[index]
	return &Localizer{
		tag: found, words: c,
		english: i18n.NewLocalizer(c.bundle, language.English.String()),
		own:     i18n.NewLocalizer(c.bundle, found.String()),
	}
}

// Language is the BCP 47 tag of the localizer's language, such as "es".
func (l *Localizer) Language() string { return l.tag.String() }

// Direction is "ltr" or "rtl", for the dir attribute.
func (l *Localizer) Direction() string { return l.Say("language.direction", nil) }

// Say gives the words for a key, with its variables filled in. The variable Count,
// an int, chooses the plural form. Words that the language lacks are said in
// English. What cannot be said at all comes out as the key in ⟦ ⟧, so that it is
// seen and tests can find it; use Find where that must not happen.
func (l *Localizer) Say(key string, variables map[string]any) string {
	if said, err := l.Find(key, variables); err == nil {
		return said
	}
	if said, err := l.say(l.english, language.English, key, variables); err == nil {
		return said
	}
	return "⟦" + key + "⟧"
}

// Find is Say without a way out: ErrNoWords for a key that this language lacks,
// another error for a variable or a plural form that is missing.
func (l *Localizer) Find(key string, variables map[string]any) (string, error) {
	return l.say(l.own, l.tag, key, variables)
}

func (l *Localizer) say(from *i18n.Localizer, tag language.Tag, key string, variables map[string]any) (string, error) {
	plural, known := l.words.plural[tag][key]
	if !known {
		return "", fmt.Errorf("saying %s in %s: %w", key, tag, ErrNoWords)
	}
	asked := &i18n.LocalizeConfig{
		MessageID: key, TemplateData: variables,
		TemplateParser: &template.TextParser{Option: "missingkey=error"},
	}
	if variables == nil {
		asked.TemplateData = map[string]any{}
	}
	if plural {
		count, given := variables["Count"]
		if !given {
			return "", fmt.Errorf("saying %s in %s: the variable Count is missing", key, tag)
		}
		asked.PluralCount = count
	}
	said, err := from.Localize(asked)
	if err != nil {
		return "", fmt.Errorf("saying %s in %s: %w", key, tag, err)
	}
	if strings.TrimSpace(said) == "" {
		return "", fmt.Errorf("saying %s in %s: %w", key, tag, ErrNoWords)
	}
	return said, nil
}
