package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"peercert/activities"
	"peercert/certification"
)

// Errand is an activity that the story does not wait for: a letter, a payment
// page, an authorization. It is known by an id alone. One that is not done when a
// run is left is carried to the next.
type Errand struct {
	Activity string `json:"activity"`
	ID       string `json:"id"`
	// Keeps is a promise that is kept when the errand is done.
	Keeps certification.PromiseKind `json:"keeps,omitempty"`
}

const (
	noticeErrand        = activities.SendNotice
	checkoutErrand      = activities.OpenCheckout
	authorizationErrand = activities.SendAuthorization
)

// errandPolicies: a letter has a day, since mail is often slow and nobody stands
// waiting; a payment page a minute, since somebody does; an authorization an hour.
var errandPolicies = map[string]errandPolicy{
	noticeErrand: {
		activity: noticeErrand, attempt: time.Minute, patience: 24 * time.Hour, pause: 10 * time.Minute,
		attention: certification.AttentionNotice, summary: "Send a letter",
	},
	checkoutErrand: {
		activity: checkoutErrand, attempt: 30 * time.Second, patience: time.Minute, pause: 10 * time.Second,
		attention: certification.AttentionCheckout, summary: "Open the payment page",
	},
	authorizationErrand: {
		activity: authorizationErrand, attempt: time.Minute, patience: time.Hour, pause: time.Minute,
		attention: certification.AttentionAuthorization, summary: "Send the authorization to the exam vendor",
	},
}

// errand is one under way.
type errand struct {
	Errand
	done   workflow.Future
	cancel workflow.CancelFunc
}

func (c *story) run(ctx workflow.Context, e Errand) {
	ctx, cancel := workflow.WithCancel(ctx)
	policy := errandPolicies[e.Activity]
	if c.Patience > 0 {
		policy.patience = min(policy.patience, c.Patience)
	}
	c.errands = append(c.errands, &errand{
		Errand: e, cancel: cancel,
		done: workflow.ExecuteActivity(policy.outbound(ctx), policy.activity, e.ID),
	})
}

// errandDone says whether any errand has ended.
func (c *story) errandDone() bool {
	for _, e := range c.errands {
		if e.done.IsReady() {
			return true
		}
	}
	return false
}

// finishErrand takes one ended errand off the list. What follows from it begins a
// step: a promise kept, attention raised or ended. It says false when none has ended.
func (c *story) finishErrand(ctx workflow.Context) bool {
	for i, e := range c.errands {
		if !e.done.IsReady() {
			continue
		}
		c.errands = append(c.errands[:i:i], c.errands[i+1:]...)
		policy := errandPolicies[e.Activity]
		if err := e.done.Get(ctx, nil); err != nil {
			c.run(ctx, e.Errand) // an errand is never given up
			if temporal.IsCanceledError(err) {
				return true // retry-step asked for another try at once
			}
			if c.Case.NeedsAttention(policy.attention) {
				return true
			}
			c.beginOwn(certification.EventAttentionRaised, c.ownKey(policy.attention+":"+e.ID))
			c.step.Event.Details = certification.EventDetails{ID: e.ID, Code: policy.attention}
			c.Case.RaiseAttention(policy.attention, e.ID, noTime)
			c.move(c.Case.Stage)
			return true
		}
		kept := e.Keeps != "" && c.Case.Promise(e.Keeps) != nil
		if !kept && !c.Case.NeedsAttentionFor(policy.attention, e.ID) {
			return true // the common case: done, and nothing follows
		}
		if kept {
			c.beginOwn(certification.EventNoticeSent, e.ID)
			c.closePromise(e.Keeps)
		} else {
			c.beginOwn(certification.EventAttentionEnded, c.ownKey(policy.attention+":"+e.ID))
		}
		c.step.Event.Details = certification.EventDetails{ID: e.ID, Code: policy.attention, Promise: e.Keeps}
		c.Case.ClearAttention(policy.attention, e.ID)
		c.move(c.Case.Stage)
		return true
	}
	return false
}

// dropErrands breaks off what the case has no use for any more: the page of a fee
// that is not asked for now, an authorization that was replaced or spent. A letter
// is always sent.
func (c *story) dropErrands() {
	c.errands = slices.DeleteFunc(c.errands, func(e *errand) bool {
		useless := e.Activity == checkoutErrand && (c.Case.Payment == nil || c.Case.Payment.ID != e.ID) ||
			e.Activity == authorizationErrand && (c.Case.Exam == nil || c.Case.Exam.AuthorizationID != e.ID)
		if useless {
			e.cancel()
		}
		return useless
	})
}

// hurry breaks off an errand that is under way, so that it is tried again at once.
// It says false if there is none.
func (c *story) hurry(wanted Errand) bool {
	for _, e := range c.errands {
		if e.Activity == wanted.Activity && e.ID == wanted.ID {
			e.cancel()
			return true
		}
	}
	return false
}

// retryErrands breaks off every errand under way; each is then tried again at once.
func (c *story) retryErrands() {
	for _, e := range c.errands {
		e.cancel()
	}
	c.retry = false
}

// NoticeErrand is the errand that sends a letter, for a case started from its
// records. keeps is the promise that is kept once it was sent; empty for most.
func NoticeErrand(noticeID string, keeps certification.PromiseKind) Errand {
	return Errand{Activity: noticeErrand, ID: noticeID, Keeps: keeps}
}

// CheckoutErrand is the errand that opens the page of a payment.
func CheckoutErrand(paymentID string) Errand {
	return Errand{Activity: checkoutErrand, ID: paymentID}
}

// AuthorizationErrand is the errand that sends an authorization to the exam vendor.
func AuthorizationErrand(authorizationID string) Errand {
	return Errand{Activity: authorizationErrand, ID: authorizationID}
}
