package documents

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"peercert/certification"
)

// ErrUnavailable says that the storage, the scanner or the disk did not do what was
// asked. Nothing is wrong with the document: try again later. In a chain of errors
// it comes with a certification.Refusal of type unavailable.
var ErrUnavailable = errors.New("document storage is not available")

// ErrOtherContent says that another content is stored under the id of a document
// already. Trying again does not help.
var ErrOtherContent = errors.New("another content is stored under this id")

// ErrNotClean says that a document may not be read, as its check has not found it clean.
var ErrNotClean = errors.New("the document was not found clean")

// retryAfter is what a caller is told when a part of ours is down.
const retryAfter = 5 * time.Second

// unavailable is ErrUnavailable with what was being done and why it failed.
type unavailable struct {
	doing string
	cause error
}

func failed(doing string, cause error) error { return &unavailable{doing: doing, cause: cause} }

func (u *unavailable) Error() string { return "documents: " + u.doing + ": " + u.cause.Error() }

// Unwrap lets callers find ErrUnavailable, the refusal and the cause: a canceled
// context, above all.
func (u *unavailable) Unwrap() []error {
	return []error{ErrUnavailable, certification.Unavailable(u.cause, retryAfter), u.cause}
}

// status gives the HTTP status that the storage answered with, 0 if it did not.
func status(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// isRefused says that the storage answered, and does not do what was asked of this one
// object: under a lock or a legal hold nothing is deleted. Another object may go.
func isRefused(err error) bool {
	code := status(err)
	return code >= 400 && code < 500 && code != http.StatusRequestTimeout && code != http.StatusTooManyRequests
}

func isMissing(err error) bool { return status(err) == http.StatusNotFound }

// isGone says that the storage knows the bucket, and has no such object in it. A bucket
// that is not there is another matter: it may come back.
func isGone(err error) bool {
	var said smithy.APIError
	return errors.As(err, &said) && slices.Contains([]string{"NoSuchKey", "NoSuchVersion"}, said.ErrorCode())
}

// isTaken says that a key was to be written only if it was free, and was not.
func isTaken(err error) bool { return status(err) == http.StatusPreconditionFailed }
