package exams

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"peercert/certification"
)

// SignatureHeader is the header that carries the webhook's signature.
const SignatureHeader = "Exam-Signature"

// Tolerance is how far the instant in a signature may be from now, either way: a
// recorded webhook is no use later, and one cannot be prepared ahead.
const Tolerance = 300 * time.Second

// MaxWebhookBytes is the longest webhook body that is read.
const MaxWebhookBytes = 64 << 10

// Why a webhook is not taken, beside ErrMalformed.
var (
	// ErrSignature says that no secret of ours made the signature.
	ErrSignature = errors.New("the exam vendor's signature is not good")
	// ErrStale says that the signature is good and its instant too far from now.
	ErrStale = errors.New("the exam vendor's signature is of another time")
)

// Verify checks the signature of a webhook over the body exactly as it arrived, and
// only then reads it. Body is the raw bytes, signature the value of SignatureHeader.
// The error is ErrSignature, ErrStale or ErrMalformed. What is handed on holds ids,
// codes and instants and drops whatever else was in the body.
func (v *Vendor) Verify(body []byte, signature string) (certification.Incoming, error) {
	at, marks, ok := parse(signature)
	if !ok || len(body) > MaxWebhookBytes || !v.signed(body, at, marks) {
		return certification.Incoming{}, ErrSignature
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return certification.Incoming{}, ErrSignature
	}
	// Compared as whole seconds: the distance of any two instants does not fit a
	// Duration.
	if now := v.now().Unix(); seconds < now-int64(Tolerance/time.Second) || seconds > now+int64(Tolerance/time.Second) {
		return certification.Incoming{}, ErrStale
	}
	var w wire
	if err := json.Unmarshal(body, &w); err != nil {
		// The decoder's own words may quote the body.
		return certification.Incoming{}, ErrMalformed
	}
	e, faults := w.read()
	if len(faults) > 0 {
		return certification.Incoming{}, malformed(faults)
	}
	return e.incoming()
}

// signed tells whether one of our secrets made one of the marks.
func (v *Vendor) signed(body []byte, at string, marks [][]byte) bool {
	good := false
	for _, secret := range v.secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(at))
		mac.Write([]byte("."))
		mac.Write(body)
		want := mac.Sum(nil)
		for _, mark := range marks {
			good = hmac.Equal(want, mark) || good
		}
	}
	return good
}

// parse reads "t=<unix seconds>,v1=<hex>": one instant and between one and eight
// marks. Parts of other names are for versions we do not know.
func parse(signature string) (at string, marks [][]byte, ok bool) {
	if len(signature) > 2048 {
		return "", nil, false
	}
	for part := range strings.SplitSeq(signature, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			if at != "" || value == "" || strings.Trim(value, "0123456789") != "" {
				return "", nil, false
			}
			at = value
		case "v1":
			mark, err := hex.DecodeString(value)
			if err != nil || len(mark) != sha256.Size {
				return "", nil, false
			}
			marks = append(marks, mark)
		}
	}
	return at, marks, at != "" && len(marks) > 0 && len(marks) <= 8
}
