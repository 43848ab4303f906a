package portal

import (
	"slices"
	"time"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// way are the milestones, each with the stages that are part of it.
var way = []struct {
	name   string
	stages []certification.Stage
}{
	{"video", []certification.Stage{certification.StageIntroVideo}},
	{"application", []certification.Stage{certification.StageApplication, certification.StageApplicationFee}},
	{"review", []certification.Stage{certification.StageApplicationReview, certification.StageApplicationReturned}},
	{"training", []certification.Stage{certification.StageTraining, certification.StageTrainingReview, certification.StageTrainingReturned}},
	{"exam", []certification.Stage{certification.StageExamFee, certification.StageExamBooking, certification.StageExamBooked, certification.StageExamScoring}},
	{"certified", []certification.Stage{
		certification.StageCertified, certification.StageRenewal, certification.StageRenewalFee, certification.StageRenewalReview,
		certification.StageRenewalReturned, certification.StageExpired, certification.StageRevoked,
	}},
}

// Places on the way that the program speaks of.
const (
	placeReview    = 2
	placeTraining  = 3
	placeExam      = 4
	placeCertified = 5
)

// placeOf is the milestone that a stage is part of; -1 for none, as when it is closed.
// A denial and an appeal belong to the review of the application, or, once there is a
// certificate, to that.
func placeOf(stage certification.Stage, certified bool) int {
	if stage == certification.StageDenied || stage == certification.StageAppealReview {
		if certified {
			return placeCertified
		}
		return placeReview
	}
	for i := range way {
		if slices.Contains(way[i].stages, stage) {
			return i
		}
	}
	return -1
}

// passed is when each milestone was left behind, the last time that it was. What is
// void or had no effect did not happen.
func passed(events []cases.Event) map[int]time.Time {
	left := map[int]time.Time{}
	certified := false
	for _, event := range slices.Backward(events) { // the oldest first
		if event.Void || event.Ignored != "" {
			continue
		}
		certified = certified || event.From == certification.StageCertified || event.From == certification.StageRenewalReview || event.From == certification.StageRevoked ||
			event.From == certification.StageAppealReview && event.To == certification.StageDenied // a certificate was given back
		from, to := placeOf(event.From, certified), placeOf(event.To, certified)
		if from == placeReview && event.To == certification.StageDenied {
			to = placeTraining // decided, though not approved
		}
		if from == placeReview && to == placeCertified {
			continue // the log begins in the midst of an appeal about a certificate
		}
		for i := from; i >= 0 && i < to; i++ {
			left[i] = event.At
		}
	}
	return left
}

// reached is how many milestones lie behind a case. The log says it of a case that
// ended early; of a long one it may not hold the beginning.
func reached(view cases.View, left map[int]time.Time) int {
	here := placeOf(view.Stage, view.Certificate != nil)
	switch {
	case here >= 0:
		return here
	case view.Certificate != nil:
		return placeCertified
	case view.TrainingApproved:
		return placeExam
	case view.ApplicationApproved:
		return placeTraining
	}
	behind := 0
	for i := range left {
		behind = max(behind, i+1)
	}
	return behind
}

// milestones show the whole way. When each was reached comes from the log.
func milestones(frame web.Frame, view cases.View, events []cases.Event) []web.Milestone {
	say := func(key string) string { return frame.Localizer.Say(key, nil) }
	left := passed(events)
	behind, here := reached(view, left), placeOf(view.Stage, view.Certificate != nil)
	// A case that is closed, or may be, has nothing ahead.
	over := slices.Contains([]certification.Stage{certification.StageClosed, certification.StageDenied, certification.StageAppealReview}, view.Stage)
	var all []web.Milestone
	for i, part := range way {
		milestone := web.Milestone{Label: say("milestone." + part.name), State: "ahead", Words: say("milestone.state_ahead")}
		switch {
		case i == placeCertified && view.Certificate != nil:
			certifiedMilestone(frame, view, &milestone)
		case i < behind:
			milestone.State, milestone.Words = "done", say("milestone.state_done")
			if at, known := left[i]; known {
				milestone.Note = frame.Date(at)
			}
		case i == here:
			milestone.State, milestone.Words = "now", say("milestone.state_now")
		case over:
			milestone.Words = say("milestone.state_not_reached")
		}
		all = append(all, milestone)
	}
	return all
}

// certifiedMilestone: a certificate was issued once, and is in force or not.
func certifiedMilestone(frame web.Frame, view cases.View, milestone *web.Milestone) {
	issued := frame.Date(view.Certificate.IssuedAt)
	ended := view.Certificate.Lapsed || view.Suspended || view.Stage == certification.StageClosed || view.Stage == certification.StageRevoked ||
		view.Stage == certification.StageAppealReview && view.AppealFrom == certification.StageRevoked
	if ended {
		milestone.Words, milestone.Note = "", frame.Localizer.Say("milestone.ended", map[string]any{"Day": issued})
		return
	}
	milestone.State, milestone.Words, milestone.Note = "done", frame.Localizer.Say("milestone.state_done", nil), issued
}
