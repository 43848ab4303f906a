package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"peercert/certification"
)

// QueryCase is the name of the query that gives the case as it was last recorded.
const QueryCase = "case"

// Answer is what the sender of an update gets: where the case now stands.
type Answer struct {
	Stage    certification.Stage `json:"stage"`
	Revision int                 `json:"revision"`
}

// inbound is a message on its way to the story.
type inbound struct {
	message certification.Message
	// Updates only: set when the message was recorded or refused.
	answered bool
	refusal  *certification.Refusal
}

// signal is the channel of one signal from outside.
type signal struct {
	channel workflow.ReceiveChannel
	empty   func() certification.Message
}

// listen registers every handler. It blocks on nothing: an update that comes with
// the start of a run must find its handler.
func (c *story) listen(ctx workflow.Context) {
	accept[certification.Register](ctx, c, "Open a case. Sent with its start.")
	accept[certification.CompleteIntroVideo](ctx, c, "The applicant watched the introduction video.")
	accept[certification.SubmitApplication](ctx, c, "The applicant hands in the application.")
	accept[certification.ResubmitApplication](ctx, c, "The applicant hands in the returned parts.")
	accept[certification.PayFee](ctx, c, "The applicant asks for the payment page.")
	accept[certification.SubmitTraining](ctx, c, "The applicant sends the training certificate.")
	accept[certification.BookExam](ctx, c, "The applicant chooses language and place of the exam.")
	accept[certification.SubmitRenewal](ctx, c, "The certified person files the renewal.")
	accept[certification.ResubmitRenewal](ctx, c, "The certified person hands in the returned renewal.")
	accept[certification.Appeal](ctx, c, "The applicant appeals.")
	accept[certification.Withdraw](ctx, c, "The applicant withdraws. Ends the case.")
	accept[certification.Surrender](ctx, c, "The certified person gives the certificate back. Ends the case.")
	accept[certification.ClaimReview](ctx, c, "A reviewer takes the review.")
	accept[certification.ReleaseReview](ctx, c, "The reviewer gives the review back to the queue.")
	accept[certification.DecideApplication](ctx, c, "The reviewer decides the application: approve, return or deny, with reasons.")
	accept[certification.DecideTraining](ctx, c, "The reviewer decides the training certificate: approve or return, with reasons.")
	accept[certification.DecideRenewal](ctx, c, "The reviewer decides the renewal: approve, return or deny, with reasons.")
	accept[certification.DecideAppeal](ctx, c, "The reviewer decides the appeal: approve or deny.")
	accept[certification.Hold](ctx, c, `Stop the case and its clocks. {"reason": "a code"}`)
	accept[certification.ReleaseHold](ctx, c, "Let a case on hold go on with the time that was left. {}")
	accept[certification.ExtendDeadline](ctx, c, `Move the deadline of the stage. {"days": 7}`)
	accept[certification.WaiveFee](ctx, c, `Settle the fee that is due without money. {"reason": "a code"}`)
	accept[certification.RetryStep](ctx, c, "Try again, now, what needs attention. {}")
	accept[certification.Reassign](ctx, c, `Give the review to another reviewer. {"reviewer_id": "…"}`)
	accept[certification.Suspend](ctx, c, `Suspend the certificate. {"reason": "a code"}`)
	accept[certification.Reinstate](ctx, c, "End a suspension. {}")
	accept[certification.Revoke](ctx, c, `Revoke the certificate; it can be appealed. {"reason": "a code"}`)
	accept[certification.Wake](ctx, c, "Ask for the time again and arm the timer anew. Changes nothing. {}")
	accept[certification.StartNewRun](ctx, c, "Leave this run for a new one as soon as it is quiet. {}")

	query := func() (certification.Case, error) {
		if c.writing {
			return c.before, nil
		}
		return c.Case, nil
	}
	if err := workflow.SetQueryHandlerWithOptions(ctx, QueryCase, query,
		workflow.QueryHandlerOptions{Description: "The case as it was last recorded."}); err != nil {
		panic(fmt.Sprintf("registering the query %s: %v", QueryCase, err))
	}

	c.signals = []signal{
		hear[certification.PaymentSettled](ctx, "Stripe: the money of a payment arrived."),
		hear[certification.PaymentFailed](ctx, "Stripe: a payment was declined or its page expired."),
		hear[certification.PaymentRefunded](ctx, "Stripe: money went back."),
		hear[certification.PaymentDisputed](ctx, "Stripe: a bank disputes a payment."),
		hear[certification.DocumentChecked](ctx, "The check of a document: clean, infected, refused, late or gone."),
		hear[certification.ExamAuthorized](ctx, "Exam vendor: the authorization was accepted."),
		hear[certification.ExamRefused](ctx, "Exam vendor: the authorization was refused."),
		hear[certification.ExamConfirmed](ctx, "Exam vendor: an appointment was made."),
		hear[certification.ExamChanged](ctx, "Exam vendor: an appointment was moved."),
		hear[certification.ExamCancelled](ctx, "Exam vendor: an appointment was given up."),
		hear[certification.ExamResult](ctx, "Exam vendor: how the exam ended."),
		hear[certification.ExamNoShow](ctx, "Exam vendor: nobody came."),
		hear[certification.ExamIncident](ctx, "Exam vendor: the exam was spoiled; the attempt does not count."),
		hear[certification.ExamUnanswered](ctx, "The exam vendor has said nothing about an authorization for days."),
	}
}

// message is a pointer to a body.
type message[B any] interface {
	*B
	certification.Message
}

// accept registers the update of one signal. Its validator refuses without a trace
// in the history; its handler queues the message and waits for the story's answer.
func accept[B any, M message[B]](ctx workflow.Context, c *story, description string) {
	name := string(M(new(B)).Signal())
	handler := func(ctx workflow.Context, body B) (Answer, error) {
		m := M(&body)
		envelope := certification.EnvelopeOf(m)
		if envelope.Key == "" {
			// From the Temporal UI, where a message has neither key nor actor.
			envelope.Actor = certification.Actor{Role: certification.RoleTemporalOperator}
			envelope.Key = fmt.Sprintf("temporal:%d:%s", c.Carried.Run, workflow.GetCurrentUpdateInfo(ctx).ID)
		}
		in := &inbound{message: m}
		c.queue = append(c.queue, in)
		// Request Cancellation reaches handlers too; it ends no case and no answer.
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		c.await(ctx, func() bool { return in.answered })
		if in.refusal != nil {
			return Answer{}, RefusalError(in.refusal)
		}
		return Answer{Stage: c.Case.Stage, Revision: c.Case.Revision}, nil
	}
	validator := func(_ workflow.Context, body B) error {
		if refusal := c.admits(M(&body)); refusal != nil {
			return RefusalError(refusal)
		}
		return nil
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, name, handler,
		workflow.UpdateHandlerOptions{Validator: validator, Description: description}); err != nil {
		panic(fmt.Sprintf("registering the update %s: %v", name, err))
	}
}

// admits is the rule of every validator: who may send what, where the case stands.
// Validators are not replayed, so it may change under sleeping cases.
func (c *story) admits(m certification.Message) *certification.Refusal {
	envelope := certification.EnvelopeOf(m)
	if slices.Contains(c.Carried.Seen, envelope.Key) {
		return nil // a repeat: the story gives it its answer
	}
	if id := envelope.Actor.ID; id != "" && !certification.IsActorID(id) {
		return certification.Refused(certification.RefusedNotAllowed, "An actor is an id: no name, no address.")
	}
	if envelope.Key == "" && certification.SenderOf(m.Signal()) != certification.RoleAdministrator {
		return certification.Refused(certification.RefusedNotAllowed,
			"Only signals of administrators can be sent without a key. Send this one through the API.")
	}
	if refusal := c.Case.Admits(m.Signal(), envelope.Actor); refusal != nil {
		return refusal
	}
	return c.Case.Check(m)
}

// hear registers the signal of one message from outside.
func hear[B any, M message[B]](ctx workflow.Context, description string) signal {
	name := string(M(new(B)).Signal())
	return signal{
		channel: workflow.GetSignalChannelWithOptions(ctx, name, workflow.SignalChannelOptions{Description: description}),
		empty:   func() certification.Message { return M(new(B)) },
	}
}

func (c *story) signalWaits() bool {
	for _, s := range c.signals {
		if s.channel.Len() > 0 {
			return true
		}
	}
	return false
}

// take gives the next message that has an effect, with a step begun for it. It
// answers repeats and refusals by itself, and begins a step without effect for what
// is only recorded; then it gives nil. Signals go first, in the order of the list:
// they are facts, and what people ask for should meet the facts.
func (c *story) take(ctx workflow.Context) certification.Message {
	for _, s := range c.signals {
		for s.channel.Len() > 0 {
			m := s.empty()
			s.channel.ReceiveAsync(m)
			envelope := certification.EnvelopeOf(m)
			if slices.Contains(c.Carried.Seen, envelope.Key) || c.Case.Stage == "" {
				continue // a repeat, or there is no case that it could be about
			}
			c.keepWakers()
			event := certification.Event{Signal: m.Signal(), Key: envelope.Key, Actor: envelope.Actor}
			ignored := c.concerns(m)
			if envelope.Key == "" {
				// Typed into the Temporal UI: nobody knows whether it is true.
				event.Key, ignored = c.ownKey(string(m.Signal())), "no key"
				event.Actor = certification.Actor{Role: certification.RoleTemporalOperator}
			} else if ignored == "" {
				ignored = c.lateMoney(ctx, m)
			}
			c.begin(event)
			if envelope.Key != "" {
				c.Case.HearOfAppointment(m)
			}
			if ignored != "" {
				c.step.Event.Ignored = ignored
				c.mindCorrection(m)
				c.move(c.Case.Stage)
				return nil
			}
			return m
		}
	}
	for len(c.queue) > 0 {
		in := c.queue[0]
		c.queue = c.queue[1:]
		envelope := certification.EnvelopeOf(in.message)
		if slices.Contains(c.Carried.Seen, envelope.Key) {
			in.answered = true
			continue
		}
		// What may have changed since the validator ran: never more, this is replayed.
		refusal := c.Case.AcceptsFrom(in.message.Signal(), envelope.Actor)
		if refusal == nil {
			refusal = c.notWhileDenied(in.message)
		}
		if refusal != nil {
			in.answered, in.refusal = true, refusal
			continue
		}
		c.keepWakers()
		if _, is := in.message.(*certification.Wake); is {
			c.wake, c.inbound, c.wakers = true, nil, append(c.wakers, in)
			return nil
		}
		c.begin(certification.Event{
			Signal: in.message.Signal(), Key: envelope.Key, Actor: envelope.Actor, RequestID: envelope.RequestID,
		})
		c.inbound = in
		return in.message
	}
	return nil
}

// notWhileDenied refuses what a run of before refused: a suspension or a revocation that
// was let in where a renewal was under review, and taken where it had been denied.
func (c *story) notWhileDenied(message certification.Message) *certification.Refusal {
	signal := message.Signal()
	if signal != certification.SignalSuspend && signal != certification.SignalRevoke {
		return nil
	}
	if c.Case.Stage != certification.StageDenied && c.Case.Stage != certification.StageAppealReview {
		return nil
	}
	if c.changed(changeWhileDenied + ":" + certification.EnvelopeOf(message).Key) {
		return nil
	}
	return certification.Refused(certification.RefusedWrongStage, "There is no certificate in force.")
}

// beginOwn opens a step that no message asked for. The key is made of what
// happened, so that it is the same however often it is tried.
func (c *story) beginOwn(event, about string) {
	c.begin(certification.Event{
		Name: event, Key: event + ":" + about, Actor: certification.Actor{Role: certification.RoleClock},
	})
}

// noteCancel records that somebody asked Temporal to cancel the case, once a run.
func (c *story) noteCancel() bool {
	if c.cancelNoted || !c.cancelRequested() {
		return false
	}
	c.cancelNoted = true
	if !c.open() {
		return true // nothing to end, and nobody whose attention it needs
	}
	c.beginOwn(certification.EventCancelRequested, fmt.Sprint(c.Carried.Run))
	c.step.Event.Ignored = "a case ends through its own signals only"
	c.Case.RaiseAttention(certification.AttentionCancel, "", noTime)
	c.move(c.Case.Stage)
	return true
}

// ownKey makes a key for a message that came without one.
func (c *story) ownKey(about string) string { return fmt.Sprintf("%s:%d", about, c.Case.Revision+1) }

// open says whether there is a case and it is not closed.
func (c *story) open() bool {
	return c.Case.Stage != "" && c.Case.Stage != certification.StageClosed
}

// unknownSignals are the names of signals that came and that nobody handles.
func (c *story) unknownSignals(ctx workflow.Context) []string {
	names := workflow.GetUnhandledSignalNames(ctx)
	names = slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(c.signals, func(s signal) bool { return s.channel.Name() == name })
	})
	slices.Sort(names)
	return names
}

// noteUnknown drains a signal that nobody handles, so that it cannot hold the run
// for ever, and records it.
func (c *story) noteUnknown(ctx workflow.Context) bool {
	names := c.unknownSignals(ctx)
	if len(names) == 0 {
		return false
	}
	channel := workflow.GetSignalChannel(ctx, names[0])
	for channel.Len() > 0 {
		var body converter.RawValue
		channel.ReceiveAsync(&body)
	}
	if !c.open() {
		return true
	}
	c.beginOwn(certification.EventUnknownMessage, c.ownKey("signal"))
	c.step.Event.Ignored = "no signal of this name"
	c.Case.RaiseAttention(certification.AttentionUnknown, "", noTime)
	c.move(c.Case.Stage)
	return true
}

// RefusalError is a refusal as Temporal carries it.
func RefusalError(refusal *certification.Refusal) error {
	return temporal.NewApplicationErrorWithOptions(refusal.Detail, refusal.Type, temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{*refusal}, Category: temporal.ApplicationErrorCategoryBenign,
	})
}
