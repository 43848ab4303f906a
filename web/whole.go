package web

import (
	"bytes"
	"regexp"
)

// wholeWords are names and numbers that a line must not break after the hyphen. A
// character that forbids the break would be copied with them, and would be in the way of
// whoever looks for them: the break is forbidden by a style.
var wholeWords = regexp.MustCompile(`Medi-Cal|\bP(?:C|SS)-[0-9A-Z]{4}-[0-9A-Z]{4}\b`)

// textOnly are elements whose content is text and nothing else: a tag in them would be
// shown as it is written.
var textOnly = []string{"title", "textarea", "option", "script", "style"}

// KeepWhole marks the whole words in the text of a page or a letter with the class
// "whole", and leaves tags and attributes as they are. In attributes html/template writes &gt;, so a > ends a tag.
func KeepWhole(page []byte) []byte {
	var marked bytes.Buffer
	marked.Grow(len(page) + len(page)/32)
	for len(page) > 0 {
		text := upTo(page, "<")
		if bytes.IndexByte(text, '-') >= 0 {
			text = wholeWords.ReplaceAll(text, []byte(`<span class="whole">$0</span>`))
		}
		marked.Write(text)
		page = page[len(upTo(page, "<")):]
		tag := len(upTo(page, ">"))
		for _, name := range textOnly {
			if bytes.HasPrefix(page, []byte("<"+name)) {
				tag = len(upTo(page, "</"+name))
			}
		}
		marked.Write(page[:tag])
		page = page[tag:]
	}
	return marked.Bytes()
}

// upTo is what stands before an ending, or everything.
func upTo(text []byte, ending string) []byte {
	before, _, _ := bytes.Cut(text, []byte(ending))
	return before
}
