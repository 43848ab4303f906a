package web

import "html/template"

// Components that pages put together. Words are already in the reader's language.

// Button is a link or, with Action, a form of its own that is posted.
type Button struct {
	Label   string
	Address string // of a link
	Action  string // of a form
	Key     string // its Idempotency-Key
	Quiet   bool   // not the one thing to do here
}

// Promise is the card of one wait: what, from whom, by when, and what happens if not.
type Promise struct {
	What    string
	Whose   string // "You", "Us", "The exam vendor"
	By      string // "by the end of Tuesday, …"; empty while the clock is stopped
	Then    string // what happens if not
	Note    string // the stopped clock, or that it is late
	Overdue bool
	Stopped bool
}

// Milestone is one step of the way.
type Milestone struct {
	Label string
	Note  string // when it was, or by when it will be; may be empty
	State string // "done", "now" or "ahead"
	Words string // the state in words, for those who do not see it
}

// Task is one line of a task list.
type Task struct {
	Label, Hint string
	Address     string // empty if it cannot be started
	Status      string
	// Tone is "done", "todo", "attention" or "locked".
	Tone string
}

// TaskGroup is a part of a task list with a heading.
type TaskGroup struct {
	Heading string
	Tasks   []Task
}

// Row is one line of a summary list: a question, its answer, and where to change it.
type Row struct {
	Label   string
	Values  []string
	Links   []Button // further values that lead somewhere, such as a file
	Change  string   // address; empty if it cannot be changed
	Words   string   // "Change your name": what the link says to those who do not see the row
	Problem string   // what is wrong with the answer
}

// Notice is a box that says something beside the page: Tone is "info", "success",
// "warning" or "error".
type Notice struct {
	Tone, Heading string
	Text          template.HTML
}

// Line is one entry of a list of letters or of a history.
type Line struct {
	When    string
	What    string
	Detail  string
	Address string
	// Language and Direction are of What where it is not in the page's language.
	Language, Direction string
}
