package portal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// Limits of the list of courses; the API's specification has the same.
const (
	mostCourses   = 60
	longestCourse = 200 // characters of a title or a provider
)

// seen is the part of an address that says which revision of a draft its form was made
// of. Courses have no ids: only in the list that the person saw is the second one theirs.
func seen(draft cases.Draft) string { return "?seen=" + strconv.Itoa(draft.Revision) }

// courseAt is the course that an address names by its number; -1 for a new one.
func (v *visit) courseAt(r renewalDraft) (int, error) {
	if v.Param("number") == "" {
		return -1, nil
	}
	number, err := strconv.Atoi(v.Param("number"))
	if err != nil || number < 1 || number > len(r.values.Courses) {
		return 0, certification.NotFound()
	}
	return number - 1, nil
}

// changingCourses is renewing for pages that change the list.
func (v *visit) changingCourses() (renewalDraft, error) {
	r, err := v.renewing()
	if err == nil && !r.open(certification.PartContinuing) {
		v.redirect(v.casePath("/renewal"))
		err = errElsewhere
	}
	return r, err
}

func (v *visit) askCourse() error {
	r, err := v.changingCourses()
	if err != nil {
		return err
	}
	at, err := v.courseAt(r)
	if err != nil {
		return err
	}
	known := url.Values{}
	if at >= 0 {
		course := r.values.Courses[at]
		known = url.Values{"title": {course.Title}, "provider": {course.Provider}, "hours": {hours(course.Hours)}}
		web.KnownDate(known, "completed_on", string(course.CompletedOn))
		if course.LawAndEthics {
			known.Set("law_and_ethics", "yes")
		}
	} else if len(r.values.Courses) >= mostCourses {
		v.redirect(v.casePath("/renewal"))
		return nil
	}
	return v.courseQuestion(web.NewForm(v.words, known), seen(r.draft))
}

func (v *visit) courseQuestion(form *web.Form, seen string) error {
	title := "renewal.course_new"
	if v.Param("number") != "" {
		title = "renewal.course_change"
	}
	frame := v.frame(title, nil)
	frame.Back = frame.Link(v.casePath("/renewal"))
	frame.Problems = form.Problems()
	return v.reading(frame, coursePage(frame, form, v.Request.URL.Path, seen, v.Param("number") != ""))
}

// coursePage asks about a course at an address; one that is in the list can be removed.
func coursePage(frame web.Frame, form *web.Form, address, seen string, listed bool) Reading {
	question := courseQuestion(frame, form)
	question.Action = address + seen
	reading := Reading{Question: &question}
	if listed {
		reading.Buttons = []web.Button{{Label: plain(frame, "renewal.remove"), Action: address + "/remove" + seen, Quiet: true}}
	}
	return reading
}

func courseQuestion(frame web.Frame, form *web.Form) Question {
	return Question{
		Intro: []string{plain(frame, "renewal.course_intro")}, Button: plain(frame, "renewal.course_button"),
		Inputs: []web.Input{
			form.Input(web.Input{Kind: web.InputText, Name: "title"}, "renewal.course_title", "renewal.course_title_hint"),
			form.Input(web.Input{Kind: web.InputText, Name: "provider"}, "renewal.course_provider", "renewal.course_provider_hint"),
			form.Input(web.Input{Kind: web.InputDate, Name: "completed_on"}, "renewal.course_day", "renewal.course_day_hint"),
			form.Input(web.Input{Kind: web.InputNumber, Name: "hours", Width: 6}, "renewal.course_hours", "renewal.course_hours_hint"),
			form.Input(web.Input{Kind: web.InputCheckboxes, Name: "law_and_ethics", Options: []web.Option{
				{Value: "yes", Label: plain(frame, "renewal.law_and_ethics")},
			}}, "renewal.course_about", "renewal.course_about_hint"),
		},
	}
}

// readCourse reads a course, and refuses what is against the rules.
func (v *visit) readCourse(form *web.Form, r renewalDraft) certification.Course {
	course := certification.Course{Title: oneLine(form.Value("title")), Provider: oneLine(form.Value("provider")), LawAndEthics: form.Checked("law_and_ethics", "yes")}
	day, isDate := form.Date("completed_on")
	course.CompletedOn = certification.Date(day)
	count, isNumber := readHours(form.Value("hours"))
	course.Hours = count
	for name, text := range map[string]string{"title": course.Title, "provider": course.Provider} {
		if len([]rune(text)) > longestCourse {
			form.Refuse(name, "form.too_long", map[string]any{"Limit": longestCourse})
		}
	}
	found := certification.RenewalValues{Courses: []certification.Course{course}}.Check(r.policy, v.Now(), r.termBegan)
	found = slices.DeleteFunc(found, func(f certification.Finding) bool {
		own, is := strings.CutPrefix(f.Field, "courses[0].")
		return !is || own == "completed_on" && !isDate || own == "hours" && !isNumber
	})
	if !isDate {
		found = append(found, certification.Finding{Field: "courses[0].completed_on", Code: "not_a_date"})
	}
	if !isNumber {
		found = append(found, certification.Finding{Field: "courses[0].hours", Code: "out_of_range"})
	}
	named := map[string]string{}
	for _, name := range []string{"title", "provider", "completed_on", "hours"} {
		named["courses[0]."+name] = name
	}
	refuseFindings(form, v.words, found, named, r.policy)
	return course
}

// keepCourse adds a course or changes one.
func (v *visit) keepCourse() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	r, err := v.changingCourses()
	if err != nil {
		return err
	}
	course := v.readCourse(form, r)
	if form.Refused() {
		return v.courseQuestion(form, "?seen="+url.QueryEscape(v.Query("seen")))
	}
	return v.changeCourses(func(courses []certification.Course, asSeen bool) ([]certification.Course, error) {
		at := -1
		if v.Param("number") != "" {
			number, err := strconv.Atoi(v.Param("number"))
			if err != nil || number < 1 || number > len(courses) {
				return nil, certification.NotFound()
			}
			at = number - 1
		}
		switch {
		case at < 0 && !asSeen && slices.Contains(courses, course):
			return courses, nil // sent twice: it is there
		case at < 0 && len(courses) >= mostCourses:
			return courses, nil
		case at < 0:
			return append(courses, course), nil
		case courses[at] == course:
			return courses, nil
		case !asSeen:
			return nil, certification.StaleRevision()
		}
		courses[at] = course
		return courses, nil
	})
}

func (v *visit) removeCourse() error {
	if _, err := v.sent(); err != nil {
		return err
	}
	return v.changeCourses(func(courses []certification.Course, asSeen bool) ([]certification.Course, error) {
		if !asSeen {
			return courses, nil // removed already, or the list is another: it is shown again
		}
		number, err := strconv.Atoi(v.Param("number"))
		if err != nil || number < 1 || number > len(courses) {
			return nil, certification.NotFound()
		}
		return slices.Delete(courses, number-1, number), nil
	})
}

func (v *visit) removeLastTerm() error {
	if _, err := v.sent(); err != nil {
		return err
	}
	began := v.view.TermBegan()
	return v.changeCourses(func(courses []certification.Course, _ bool) ([]certification.Course, error) {
		return slices.DeleteFunc(courses, func(c certification.Course) bool { return lastTerm(c, began) }), nil
	})
}

// changeCourses puts a change onto the list as it is, and leads back to it. The change
// is told whether the list is still the one that the person saw.
func (v *visit) changeCourses(change func(courses []certification.Course, asSeen bool) ([]certification.Course, error)) error {
	for try := 1; ; try++ {
		r, err := v.changingCourses()
		if err != nil {
			return err
		}
		courses, err := change(slices.Clone(r.values.Courses), strconv.Itoa(r.draft.Revision) == v.Query("seen"))
		if err != nil {
			return err
		}
		if !slices.Equal(courses, r.values.Courses) {
			changes, err := json.Marshal(map[string]any{"courses": append([]certification.Course{}, courses...)})
			if err != nil {
				return fmt.Errorf("encoding the courses of a renewal: %w", err)
			}
			_, err = v.Cases.SaveDraft(v.Request.Context(), v.actor, cases.SaveDraft{
				CaseID: v.view.ID, Form: certification.FormRenewal, Revision: r.draft.Revision, Changes: changes,
			})
			if errors.Is(err, certification.StaleRevision()) && try < saveTries {
				continue // another window was quicker: the change is put onto what it left
			}
			if err != nil {
				return err
			}
		}
		v.redirect(v.casePath("/renewal"))
		return nil
	}
}
