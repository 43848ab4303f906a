package portal_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/local/paymentsimulator"
)

// Who pays on an old page when the time for the fee was over is not asked for it again:
// whether we hear of the money before they send the application again, or only when its
// fee is asked for. The clock moves and the processor is slow, so it is not parallel.
func TestPayingTooLate(t *testing.T) {
	for name, heardOf := range map[string]bool{"and we hear of it": true, "and nobody tells us": false} {
		t.Run(name, func(t *testing.T) {
			place := running.On(t)
			world := place.World(t)
			ctx := t.Context()
			p := owing(t, "en")
			moving.Lock()
			defer moving.Unlock()
			b, at := p.Browser, "/en/cases/"+p.CaseID
			owed, err := p.Look(ctx)
			require.NoError(t, err)
			require.NoError(t, world.MoveTo(ctx, owed.Due.Add(-3*time.Hour)))
			session := toPay(t, b, p.CaseID)

			// The old page cannot be closed for a while, and is paid meanwhile.
			slow := paymentsimulator.Faults{FailPosts: 1 << 20, FailStatus: http.StatusServiceUnavailable}
			if !heardOf {
				slow.DropWebhooks = 1 << 20
			}
			place.Payments.SetFaults(slow)
			defer place.Payments.SetFaults(paymentsimulator.Faults{})
			require.NoError(t, world.MoveTo(ctx, owed.Due.Add(time.Minute)))
			_, err = p.Reach(ctx, certification.StageApplication)
			require.NoError(t, err)
			b.Press("Pay $100.00")
			first := paymentsOf(t, p.CaseID)[0].ID
			if heardOf {
				b.Open(at+"/pay/done?payment="+first).ReloadUntil("the payment", func() bool { return b.Says("Your payment arrived, and we keep it for you") })
				kept, err := p.API.Get(ctx, "/v1/cases/"+p.CaseID)
				require.NoError(t, err)
				assert.Contains(t, string(kept.Body), `"credit":{"amount_cents":10000,"currency":"usd","fee":"application"`)
				b.Open(at)
				assert.True(t, b.Says("Your payment is here", "Then you do not pay a second time.", "Our time to decide begins when you send your application."), b.Main())
				b.Open(at + "/payments/" + first)
				assert.True(t, b.Says("$100.00", "We keep this money for you."), b.Main())
			}

			b.Open(at + "/application/check").Tick("name_matches").Press("Hand in my application")
			if !heardOf {
				// Whoever comes first finds it: the next try to close the old page, or this.
				require.Equal(t, at, b.Path(), b.Main())
				if b.Open(at + "/pay"); b.Path() == at+"/pay" {
					b.Tick("not_refunded").Press(toPayment)
				}
			}
			_, err = p.Reach(ctx, certification.StageApplicationReview)
			require.NoError(t, err)
			b.Open(at)
			assert.Equal(t, "We are reviewing your application", b.Heading())
			b.Open(at + "/pay")
			assert.Equal(t, at, b.Path(), "nothing more is due")

			payments := paymentsOf(t, p.CaseID)
			paid := 0
			for _, payment := range payments {
				if payment.Status == certification.PaymentPaid {
					paid++
					assert.Equal(t, first, payment.ID)
				}
			}
			assert.Equal(t, 1, paid, "%+v", payments)
			place.Payments.SetFaults(paymentsimulator.Faults{})
			var captured, refunded int64
			for _, entry := range pagesOf(t, session) {
				captured, refunded = captured+entry.CapturedCents, refunded+entry.RefundedCents
			}
			assert.EqualValues(t, 100_00, captured)
			assert.Zero(t, refunded)
			var letters struct{ Items []struct{ Letter string } }
			answer, err := p.API.As(world.Administrator).Get(ctx, "/v1/cases/"+p.CaseID+"/letters?limit=100")
			require.NoError(t, err)
			require.NoError(t, answer.Into(&letters))
			count := map[string]int{}
			for _, letter := range letters.Items {
				count[letter.Letter]++
			}
			assert.Equal(t, 1, count["receipt"])
			assert.Equal(t, 1, count["application_received"])
			assert.Zero(t, count["payment_surplus"])
			if heardOf {
				assert.Equal(t, 1, count["payment_credit"])
			} else {
				assert.LessOrEqual(t, count["payment_credit"], 1)
			}
		})
	}
}
