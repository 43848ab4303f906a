package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"peercert/certification"
)

// Search attributes: what operators filter and sort by. They are carried over by a
// new run, so only changes are written.
var (
	AttributeNumber     = temporal.NewSearchAttributeKeyKeyword("CaseNumber")
	AttributeStage      = temporal.NewSearchAttributeKeyKeyword("CaseStage")
	AttributeWaitingOn  = temporal.NewSearchAttributeKeyKeyword("CaseWaitingOn")
	AttributeAttention  = temporal.NewSearchAttributeKeyKeywordList("CaseAttention")
	AttributeAssignee   = temporal.NewSearchAttributeKeyKeyword("CaseAssignee")
	AttributeCountyPlan = temporal.NewSearchAttributeKeyKeyword("CaseCountyPlan")
	AttributeDueAt      = temporal.NewSearchAttributeKeyTime("CaseDueAt")
	AttributeOverdue    = temporal.NewSearchAttributeKeyBool("CaseOverdue")
	AttributeExpiresAt  = temporal.NewSearchAttributeKeyTime("CaseExpiresAt")
)

// SearchAttributeKeys lists them, for the program that registers them.
func SearchAttributeKeys() []temporal.SearchAttributeKey {
	return []temporal.SearchAttributeKey{
		AttributeNumber, AttributeStage, AttributeWaitingOn, AttributeAttention, AttributeAssignee,
		AttributeCountyPlan, AttributeDueAt, AttributeOverdue, AttributeExpiresAt,
	}
}

// attributes are the values of one moment.
type attributes struct {
	number, stage, waitingOn, assignee, countyPlan string
	attention                                      string // codes, joined, to compare
	dueAt, expiresAt                               time.Time
	overdue                                        bool
}

func attributesOf(c *certification.Case) attributes {
	a := attributes{
		number: c.Number, stage: string(c.Stage), waitingOn: string(c.WaitsOn()), assignee: c.Assignee,
		countyPlan: c.CountyPlan, attention: strings.Join(attentionCodes(c), " "), dueAt: c.DueAt(), overdue: c.Overdue(),
	}
	if c.Certificate != nil {
		a.expiresAt = c.Certificate.ExpiresAt
	}
	return a
}

func attentionCodes(c *certification.Case) []string {
	var codes []string
	for _, attention := range c.Attention {
		if len(codes) == 0 || codes[len(codes)-1] != attention.Code {
			codes = append(codes, attention.Code)
		}
	}
	return codes
}

// StartAttributes are the search attributes that a case is started with.
func StartAttributes(c *certification.Case) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(attributesOf(c).changes(attributes{})...)
}

// changes are the updates that lead from old to a.
func (a attributes) changes(old attributes) []temporal.SearchAttributeUpdate {
	var updates []temporal.SearchAttributeUpdate
	keyword := func(key temporal.SearchAttributeKeyKeyword, value, before string) {
		switch {
		case value == before:
		case value == "":
			updates = append(updates, key.ValueUnset())
		default:
			updates = append(updates, key.ValueSet(value))
		}
	}
	instant := func(key temporal.SearchAttributeKeyTime, value, before time.Time) {
		switch {
		case value.Equal(before):
		case value.IsZero():
			updates = append(updates, key.ValueUnset())
		default:
			updates = append(updates, key.ValueSet(value))
		}
	}
	keyword(AttributeNumber, a.number, old.number)
	keyword(AttributeStage, a.stage, old.stage)
	keyword(AttributeWaitingOn, a.waitingOn, old.waitingOn)
	keyword(AttributeAssignee, a.assignee, old.assignee)
	keyword(AttributeCountyPlan, a.countyPlan, old.countyPlan)
	if a.attention != old.attention {
		if a.attention == "" {
			updates = append(updates, AttributeAttention.ValueUnset())
		} else {
			updates = append(updates, AttributeAttention.ValueSet(strings.Fields(a.attention)))
		}
	}
	instant(AttributeDueAt, a.dueAt, old.dueAt)
	instant(AttributeExpiresAt, a.expiresAt, old.expiresAt)
	if a.overdue != old.overdue {
		updates = append(updates, AttributeOverdue.ValueSet(a.overdue))
	}
	return updates
}

// publish shows operators where the case stands now.
func (c *story) publish(ctx workflow.Context) {
	c.show(ctx, attributesOf(&c.Case))
	c.describe(ctx)
}

// publishTrouble shows attention that cannot be recorded now; the next publish
// takes it away again.
func (c *story) publishTrouble(ctx workflow.Context, code string) {
	trouble := attributesOf(&c.before)
	trouble.attention = strings.TrimSpace(trouble.attention + " " + code)
	c.show(ctx, trouble)
	workflow.SetCurrentDetails(ctx, card(&c.before, c.Carried.Recent, code, c.console))
}

func (c *story) show(ctx workflow.Context, now attributes) {
	if updates := now.changes(c.published); len(updates) > 0 {
		if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
			panic(fmt.Sprintf("search attributes that this package built are refused: %v", err))
		}
		c.published = now
	}
}

func (c *story) describe(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, card(&c.Case, c.Carried.Recent, "", c.console))
}
