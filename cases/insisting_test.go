package cases_test

import (
	"context"
	"reflect"
	"time"

	"peercert/cases"
	"peercert/certification"
)

// A case has five seconds to answer. On a busy machine one is late now and then, and the
// door says: come again. While no part is away the people of these tests do so, with the
// same key, as everybody should. Who wants the door's own answer asks w.Cases.

func insisting[A any](w *world, ask func() (A, error)) (A, error) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		answer, err := ask()
		refusal, is := certification.RefusalOf(err)
		if !is || refusal.Type != certification.RefusedUnavailable || w.away() || time.Now().After(deadline) {
			return answer, err
		}
	}
}

// away says whether a test has taken a part away.
func (w *world) away() bool {
	return w.temporal == nil || w.records.Away() || w.temporal.Away() || w.workersRecords.Away()
}

func (w *world) Send(ctx context.Context, actor certification.Actor, send cases.Send) (cases.View, error) {
	w.t.Helper()
	message := send.Message
	return insisting(w, func() (cases.View, error) {
		// The door writes into what it is given.
		fresh := reflect.New(reflect.TypeOf(message).Elem())
		fresh.Elem().Set(reflect.ValueOf(message).Elem())
		send.Message = fresh.Interface().(certification.Message)
		return w.Cases.Send(ctx, actor, send)
	})
}

func (w *world) Confirm(ctx context.Context, key, registrationID, code string) (cases.Confirmation, error) {
	w.t.Helper()
	return insisting(w, func() (cases.Confirmation, error) { return w.Cases.Confirm(ctx, key, registrationID, code) })
}

func (w *world) OpenAccount(ctx context.Context, key, signInID string, r cases.Registration) (cases.OpenedAccount, error) {
	w.t.Helper()
	return insisting(w, func() (cases.OpenedAccount, error) { return w.Cases.OpenAccount(ctx, key, signInID, r) })
}

func (w *world) StartAgain(ctx context.Context, actor certification.Actor, key string) (cases.View, error) {
	w.t.Helper()
	return insisting(w, func() (cases.View, error) { return w.Cases.StartAgain(ctx, actor, key) })
}

func (w *world) CloseAccount(ctx context.Context, actor certification.Actor, key string) (cases.ClosedAccount, error) {
	w.t.Helper()
	return insisting(w, func() (cases.ClosedAccount, error) { return w.Cases.CloseAccount(ctx, actor, key) })
}
