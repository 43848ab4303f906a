package portaltest

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// element is true of elements with a name.
func element(name string) func(*html.Node) bool {
	return func(node *html.Node) bool { return node.Type == html.ElementNode && node.Data == name }
}

// all are the elements below a node that something is true of, in their order.
func all(root *html.Node, is func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	if root == nil {
		return nil
	}
	for node := range root.Descendants() {
		if node.Type == html.ElementNode && is(node) {
			found = append(found, node)
		}
	}
	return found
}

// first is the first of all; nil if there is none.
func first(root *html.Node, is func(*html.Node) bool) *html.Node {
	if found := all(root, is); len(found) > 0 {
		return found[0]
	}
	return nil
}

func lookup(node *html.Node, name string) (string, bool) {
	if node == nil {
		return "", false
	}
	for _, attribute := range node.Attr {
		if attribute.Key == name {
			return attribute.Val, true
		}
	}
	return "", false
}

func attribute(node *html.Node, name string) string {
	value, _ := lookup(node, name)
	return value
}

func has(node *html.Node, name string) bool {
	_, is := lookup(node, name)
	return is
}

func set(node *html.Node, name, value string) {
	remove(node, name)
	node.Attr = append(node.Attr, html.Attribute{Key: name, Val: value})
}

func remove(node *html.Node, name string) {
	node.Attr = slices.DeleteFunc(node.Attr, func(attribute html.Attribute) bool { return attribute.Key == name })
}

// unread are elements whose text nobody reads.
var unread = []string{"script", "style", "template", "svg", "noscript"}

// inline are elements that do not part the words before and after them.
var inline = []string{"a", "abbr", "b", "bdi", "bdo", "em", "i", "strong", "span", "small", "sub", "sup", "code"}

// textOf is what a person reads of a node, with one space between words.
func textOf(node *html.Node) string {
	var text strings.Builder
	write(&text, node)
	return strings.Join(strings.Fields(text.String()), " ")
}

func write(to *strings.Builder, node *html.Node) {
	if node == nil {
		return
	}
	if node.Type == html.TextNode {
		to.WriteString(node.Data)
	}
	if node.Type == html.ElementNode && (slices.Contains(unread, node.Data) || has(node, "hidden")) {
		return
	}
	apart := node.Type == html.ElementNode && !slices.Contains(inline, node.Data)
	if apart {
		to.WriteByte(' ')
	}
	for child := range node.ChildNodes() {
		write(to, child)
	}
	if apart {
		to.WriteByte(' ')
	}
}

// rawText is the text of a node as it stands there.
func rawText(node *html.Node) string {
	var text strings.Builder
	for child := range node.Descendants() {
		if child.Type == html.TextNode {
			text.WriteString(child.Data)
		}
	}
	return text.String()
}
