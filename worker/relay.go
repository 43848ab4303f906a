package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"
	"golang.org/x/time/rate"

	"peercert/cases"
	"peercert/certification"
	"peercert/exams"
	"peercert/payments"
	"peercert/store"
	"peercert/store/queries"
	"peercert/workflows"
)

// Pace of the relay.
const (
	relayPause    = 250 * time.Millisecond
	relayAtOnce   = 16              // messages of a lane under way; each may wait for a part that is slow
	relayLongest  = 5 * time.Minute // between two tries of one message
	relayAttempt  = 30 * time.Second
	writingDown   = 3 * time.Second // to write down what became of a message whose time is over
	outcomeParked = "parked: "      // counted, and searched for by people
	outcomeLate   = outcomeParked + "after the end"
	outcomeClosed = "the case is closed"
)

// relay delivers the inbox: a message from outside becomes signals for the case that
// it concerns. Any number of workers may run one; each message is with one at a time.
// A message is delivered again until it was; the case knows its key.
type relay struct {
	*Parts
	logger *slog.Logger
	// leaving bounds what leaves the house from here: letters, and questions to Stripe.
	leaving *rate.Limiter
	// taken is the row of the inbox under way.
	taken int64
}

func newRelay(p *Parts, logger *slog.Logger) relay {
	leaving := rate.NewLimiter(rate.Inf, 1)
	if p.OutboundPerSecond > 0 {
		leaving.SetLimit(rate.Limit(p.OutboundPerSecond))
	}
	return relay{Parts: p, logger: logger, leaving: leaving}
}

// lane is a part of the inbox that is delivered beside the other. Letters have one of their
// own: somebody sits there and waits for a code, and must not also wait until Temporal or
// Stripe answers again.
type lane bool

const (
	laneLetters lane = true
	laneOthers  lane = false
)

// outlive gives a context that ends a while after another one has.
func outlive(ctx context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		end := time.NewTimer(while)
		defer end.Stop()
		select {
		case <-end.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
}

// run delivers a lane until the context ends. Then it takes nothing more, gives what is
// under way the shutdown timeout, and returns when nothing is. A message is taken only when
// there is room for it, and none waits for another.
func (r relay) run(ctx context.Context, on lane) {
	working, cancel := outlive(ctx, r.Settings.ShutdownTimeout)
	defer cancel()
	var underWay sync.WaitGroup
	defer underWay.Wait()
	room := make(chan struct{}, relayAtOnce)
	pause := time.NewTicker(relayPause)
	defer pause.Stop()
	for ctx.Err() == nil {
		free := cap(room) - len(room) // grows beside us, never shrinks
		taken, err := r.take(ctx, on, free)
		if err != nil && ctx.Err() == nil {
			r.logger.WarnContext(ctx, "the inbox could not be read", "error", err)
		}
		for _, row := range taken {
			room <- struct{}{}
			underWay.Go(func() {
				defer func() { <-room }()
				r.one(working, row)
			})
		}
		if len(taken) == free { // all the room is taken, and there may be more
			select {
			case <-ctx.Done():
			case room <- struct{}{}:
				<-room
			}
			continue
		}
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
	}
}

func (r relay) take(ctx context.Context, on lane, most int) ([]queries.TakeIncomingRow, error) {
	if most == 0 {
		return nil, nil
	}
	// Cut off by a stop, it may have taken messages all the same, and they would wait a
	// minute for whoever comes next.
	taking, cancel := outlive(ctx, writingDown)
	defer cancel()
	now := r.Now()
	taken, err := r.Store.TakeIncoming(taking, queries.TakeIncomingParams{
		Now: now, Again: now.Add(2 * relayAttempt), Most: int32(most),
		LetterSource: cases.SourceRegistrations, LetterKind: store.KindLetter, Letters: bool(on),
	})
	if err != nil {
		return nil, fmt.Errorf("taking messages: %w", err)
	}
	return taken, nil
}

// errNoCase is a message that concerns no case of ours.
var errNoCase = errors.New("it matches no case")

func (r relay) one(ctx context.Context, row queries.TakeIncomingRow) {
	try, cancel := context.WithTimeout(ctx, relayAttempt)
	defer cancel()
	r.taken = row.ID
	outcome, err := r.deliver(try, certification.Incoming{Source: row.Source, ExternalID: row.ExternalID, Kind: row.Kind, Payload: row.Payload})
	if errors.Is(err, errNoCase) {
		outcome, err = outcomeParked+err.Error(), nil // for a person: it stays in the inbox with its outcome
	}
	writing, cancelWriting := outlive(ctx, writingDown)
	defer cancelWriting()
	now := r.Now()
	if err == nil {
		if err := r.Store.FinishIncoming(writing, queries.FinishIncomingParams{ID: row.ID, ProcessedAt: &now, Outcome: outcome, Tries: row.Tries}); err != nil {
			r.logger.WarnContext(ctx, "a delivered message could not be marked; it will be delivered again", "inbox_id", row.ID, "error", err)
			return
		}
		r.say(ctx, row, outcome)
		return
	}
	r.logger.WarnContext(ctx, "a message from outside could not be delivered", "inbox_id", row.ID, "source", row.Source, "tries", row.Tries, "error", err)
	pause := min(relayLongest, time.Second<<min(row.Tries, 10))
	if ctx.Err() != nil {
		pause = 0 // the stop cut it off; another worker can take it at once
	}
	if err := r.Store.PostponeIncoming(writing, queries.PostponeIncomingParams{ID: row.ID, NextTryAt: now.Add(pause), Outcome: "waiting"}); err != nil {
		r.logger.WarnContext(ctx, "a message could not be postponed", "inbox_id", row.ID, "error", err)
	}
}

// say logs what became of a message that reached no workflow: nobody waits for its
// answer, so nobody would know.
func (r relay) say(ctx context.Context, row queries.TakeIncomingRow, outcome string) {
	switch {
	case outcome == outcomeLate:
		r.logger.WarnContext(ctx, "a message from outside says something else of an exam than what a closed case acted upon, and waits for a person",
			"inbox_id", row.ID, "source", row.Source, "kind", row.Kind)
	case strings.HasPrefix(outcome, outcomeParked):
		r.logger.WarnContext(ctx, "a message from outside matches no case and waits for a person",
			"inbox_id", row.ID, "source", row.Source, "kind", row.Kind)
	case outcome == outcomeClosed:
		r.logger.InfoContext(ctx, "a message from outside came after its case was closed", "inbox_id", row.ID, "source", row.Source, "kind", row.Kind)
	}
}

// deliver carries one message to where it belongs and says what became of it.
func (r relay) deliver(ctx context.Context, incoming certification.Incoming) (string, error) {
	switch incoming.Source {
	case cases.SourceRegistrations:
		var about struct {
			NoticeID string `json:"notice_id"`
		}
		if err := json.Unmarshal(incoming.Payload, &about); err != nil {
			return "", fmt.Errorf("decoding: %w", err)
		}
		if incoming.Kind == cases.CodeKind {
			// A code that cannot be used any more helps nobody, and an address that takes
			// no mail must not be tried for a month.
			registration, err := r.Store.ReadRegistration(ctx, incoming.ExternalID)
			if err != nil && !store.None(err) {
				return "", err
			}
			if store.None(err) || r.Now().After(registration.ExpiresAt) {
				return "too late: the code has run out", nil
			}
		}
		return r.mail(ctx, about.NoticeID)

	case certification.SourceDocuments:
		var about certification.DocumentToCheck
		if err := json.Unmarshal(incoming.Payload, &about); err != nil {
			return "", fmt.Errorf("decoding: %w", err)
		}
		if incoming.Kind == certification.KindCheckAgain {
			return r.checkAgain(ctx, about.DocumentID)
		}
		_, err := r.startCheck(ctx, about.DocumentID)
		return "check started", err

	case payments.Source:
		if err := r.leaving.Wait(ctx); err != nil {
			return "", err
		}
		deliveries, err := r.Payments.Interpret(ctx, incoming)
		if err != nil {
			return "", err
		}
		return r.signals(ctx, deliveries)

	case store.SourceSteps:
		return r.step(ctx, incoming)

	case exams.Source:
		_, message, err := exams.Interpret(incoming)
		if err != nil {
			return "", err
		}
		return r.toAuthorized(ctx, message)

	case certification.SourceOwn:
		for _, message := range certification.Messages() {
			if string(message.Signal()) != incoming.Kind {
				continue
			}
			if err := json.Unmarshal(incoming.Payload, message); err != nil {
				return "", fmt.Errorf("decoding: %w", err)
			}
			if checked, is := message.(*certification.DocumentChecked); is {
				return r.aboutCheck(ctx, checked)
			}
			return r.toAuthorized(ctx, message)
		}
	}
	return "", errNoCase
}

// mail sends a letter.
func (r relay) mail(ctx context.Context, noticeID string) (string, error) {
	if err := r.leaving.Wait(ctx); err != nil {
		return "", err
	}
	return "sent", letters{r.Parts}.SendNotice(ctx, noticeID)
}

// step does what a step of a case asked for in its transaction.
func (r relay) step(ctx context.Context, incoming certification.Incoming) (string, error) {
	var about struct {
		PaymentID string `json:"payment_id"`
		SessionID string `json:"session_id"`
		NoticeID  string `json:"notice_id"`
	}
	if err := json.Unmarshal(incoming.Payload, &about); err != nil {
		return "", fmt.Errorf("decoding: %w", err)
	}
	switch incoming.Kind {
	case store.KindLetter:
		return r.mail(ctx, about.NoticeID)
	case store.KindCorrected:
		return outcomeLate, nil
	case store.KindLookAtPage:
		if err := r.leaving.Wait(ctx); err != nil {
			return "", err
		}
		deliveries, err := r.Payments.Look(ctx, about.SessionID)
		if err != nil {
			return "", err
		}
		return r.signals(ctx, deliveries)
	case store.KindClosePage:
		row, err := r.Store.CheckoutOf(ctx, about.PaymentID)
		switch {
		case store.None(err):
			return "the payment was erased", nil
		case err != nil:
			return "", err
		case row.Status == certification.PaymentOpen:
			return "the step was void, and the payment is open", nil
		}
		if err := r.leaving.Wait(ctx); err != nil {
			return "", err
		}
		deliveries, err := r.Payments.Close(ctx, checkoutOf(row))
		if err != nil {
			return "", err
		}
		if len(deliveries) == 0 {
			return "closed", nil
		}
		return r.signals(ctx, deliveries)
	}
	return "", errNoCase
}

// signals sends what follows from one message.
func (r relay) signals(ctx context.Context, deliveries []payments.Delivery) (string, error) {
	for _, delivery := range deliveries {
		if outcome, err := r.signal(ctx, delivery.CaseID, delivery.Message); err != nil {
			return outcome, err
		}
	}
	return fmt.Sprintf("%d signals", len(deliveries)), nil
}

// toAuthorized finds the case of an exam's authorization.
func (r relay) toAuthorized(ctx context.Context, message certification.Message) (string, error) {
	id, is := certification.AuthorizationOf(message)
	if !is {
		return "", errNoCase
	}
	caseID, err := r.Store.CaseOfAuthorization(ctx, id)
	if store.None(err) {
		return "", errNoCase
	}
	if err != nil {
		return "", err
	}
	// A closed case may still listen, for as long as its last letters are on their way, and
	// would only write this down.
	if row, err := r.Store.Case(ctx, caseID); err == nil && row.Stage == certification.StageClosed && row.Corrects(message) {
		return outcomeLate, nil
	}
	return r.signal(ctx, caseID, message)
}

// signal sends one message to the workflow of a case. A case that is closed no
// longer listens: what is about money is written to it all the same, of anything else the
// inbox keeps the message with that outcome.
func (r relay) signal(ctx context.Context, caseID string, message certification.Message) (string, error) {
	if err := r.note(ctx, caseID, message); err != nil {
		return "", err
	}
	return r.send(ctx, caseID, message)
}

// note keeps beside the row under way what it was made into. Temporal has what it took in
// the history of the case only: a case that is started from its records is sent again what
// it had not recorded.
func (r relay) note(ctx context.Context, caseID string, message certification.Message) error {
	return r.Store.NoteSent(ctx, queries.NoteSentParams{ID: r.taken, SentTo: &caseID, SentKey: certification.EnvelopeOf(message).Key})
}

func (r relay) send(ctx context.Context, caseID string, message certification.Message) (string, error) {
	err := r.Temporal.SignalWorkflow(ctx, workflows.CaseWorkflowID(caseID), "", string(message.Signal()), message)
	var gone *serviceerror.NotFound
	if errors.As(err, &gone) {
		row, err := r.Store.Case(ctx, caseID)
		switch {
		case errors.Is(err, store.ErrNoCase):
			return "", errNoCase
		case err != nil:
			return "", err
		case row.Stage == certification.StageClosed:
			return r.afterTheEnd(ctx, row.Case, message)
		}
		return "", errors.New("the workflow of an open case is not running")
	}
	return "delivered", err
}

// afterTheEnd writes a message about money to a case whose workflow has ended: money that
// came too late must not vanish, and somebody of ours has to see it. Neither must an exam's
// end that is corrected: the inbox keeps that for a person.
func (r relay) afterTheEnd(ctx context.Context, closed certification.Case, message certification.Message) (string, error) {
	if closed.Corrects(message) {
		return outcomeLate, nil // it closed in this moment
	}
	if copied := closed.Clone(); !copied.Money(message, new(certification.Transition)) {
		return outcomeClosed, nil
	}
	envelope := certification.EnvelopeOf(message)
	err := r.Store.CommitClosed(ctx, closed.ID, func(c certification.Case) certification.Transition {
		step := certification.Transition{Event: certification.Event{
			Signal: message.Signal(), Key: envelope.Key, Actor: envelope.Actor, From: c.Stage, To: c.Stage,
		}}
		c.Money(message, &step)
		step.Case = c
		return step
	})
	return "written to the closed case", err
}
