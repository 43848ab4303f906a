package exams

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"peercert/certification"
)

const (
	maxFaults   = 1000 // lines of one error report
	maxFailures = 5    // files that fail before Collect gives up for now
)

// Collected counts what one Collect did.
type Collected struct {
	Files    int        // read to the end and moved, rejected ones included
	Events   int        // handed to receive
	Rejected []Rejected // files that had unreadable lines
	Ignored  int        // files that are not CSV by their names, left where they are
}

// Rejected is a file with lines that could not be read. Its name is the vendor's and
// may say anything, so it is not here.
type Rejected struct {
	Sum   string // the 16 digits in the name under RejectedPrefix
	Lines int    // that could not be read
}

// layout says what one kind of file holds.
type layout struct {
	prefix  string
	columns []string
	wire    func(row map[string]string) wire
	// spoken gives an event's field the name of its column, where they differ.
	spoken map[string]string
}

func layouts() []layout {
	return []layout{
		// First, so that an acknowledgement is received before a result.
		{AcknowledgementsPrefix, []string{"event_id", "authorization_id", "status", "code"}, acknowledgement,
			map[string]string{"type": "status"}},
		{ResultsPrefix, []string{"event_id", "authorization_id", "examined_at", "outcome", "version", "reason"}, result,
			map[string]string{"type": "outcome", "appointment_at": "examined_at"}},
	}
}

func acknowledgement(row map[string]string) wire {
	w := wire{EventID: row["event_id"], AuthorizationID: row["authorization_id"], Reason: row["code"]}
	if status := row["status"]; status == "accepted" || status == "rejected" {
		w.Type = "authorization." + status
	}
	return w
}

func result(row map[string]string) wire {
	w := wire{EventID: row["event_id"], AuthorizationID: row["authorization_id"], Reason: row["reason"], Version: json.Number(row["version"])}
	switch outcome := row["outcome"]; outcome {
	case "passed", "failed":
		w.Type, w.Outcome, w.ExaminedAt = TypeResult, outcome, row["examined_at"]
	case "no_show":
		w.Type, w.AppointmentAt = TypeNoShow, row["examined_at"]
	case "incident":
		w.Type = TypeIncident
	}
	return w
}

// Collect reads every file the vendor left and hands each event to receive, which
// must have stored it when it returns nil and must take the same event any number
// of times. Only then is the file moved away: to DonePrefix, or to RejectedPrefix
// with a report beside it if a line was unreadable. So Collect may run twice, at
// once or after a crash anywhere, and no event is lost.
//
// A failure leaves the file for the next time and goes on with the others; after a
// few of them Collect stops. The counts are right beside an error as well.
func (v *Vendor) Collect(ctx context.Context, receive func(context.Context, certification.Incoming) error) (Collected, error) {
	var collected Collected
	var failures []error
	for _, kind := range layouts() {
		keys, err := v.files.List(ctx, kind.prefix)
		if err != nil {
			return collected, errors.Join(append(failures, fmt.Errorf("list the exam vendor's files: %w", err))...)
		}
		slices.Sort(keys)
		for _, key := range keys {
			switch {
			case strings.HasSuffix(key, "/"): // a folder, as some gateways show it
				continue
			case !strings.HasSuffix(strings.ToLower(key), ".csv"):
				collected.Ignored++
				continue
			}
			if err := v.take(ctx, kind, key, receive, &collected); err != nil {
				failures = append(failures, err)
			}
			if ctx.Err() != nil || len(failures) == maxFailures {
				return collected, errors.Join(failures...)
			}
		}
	}
	return collected, errors.Join(failures...)
}

// take reads one file, hands on its events and moves it. A file that is gone was
// taken by another Collect.
func (v *Vendor) take(ctx context.Context, kind layout, key string, receive func(context.Context, certification.Incoming) error, collected *Collected) error {
	file, err := v.files.Get(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("open a file of the exam vendor: %w", err)
	}
	defer file.Close()

	sum := sha256.New()
	limited := io.TeeReader(io.LimitReader(file, MaxFileBytes+1), sum)
	report, err := v.receive(ctx, kind, newLines(limited), receive, collected)
	if err != nil {
		return err
	}
	// The rest of a file that was given up counts for its sum, so that a repeat gives
	// it the same name.
	if _, err := io.Copy(io.Discard, limited); err != nil {
		return fmt.Errorf("read a file of the exam vendor: %w", err)
	}
	// The sum in the name keeps what was taken before if the vendor uses a name again.
	name := strings.TrimPrefix(key, Prefix+"in/")
	digits := hex.EncodeToString(sum.Sum(nil))[:16]
	name = name[:len(name)-len(".csv")] + "-" + digits + ".csv"
	to := DonePrefix + name
	if report.lines > 0 {
		to = RejectedPrefix + name
		body, err := table(report.rows...)
		if err != nil {
			return fmt.Errorf("write an error report: %w", err)
		}
		if err := v.files.Put(ctx, to+".errors.csv", body, contentType); err != nil {
			return fmt.Errorf("leave an error report: %w", err)
		}
	}
	if err := v.files.Move(ctx, key, to); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("move a file of the exam vendor: %w", err)
	}
	collected.Files++
	if report.lines > 0 {
		collected.Rejected = append(collected.Rejected, Rejected{Sum: digits, Lines: report.lines})
	}
	return nil
}

// report is what could not be read of one file.
type report struct {
	lines int
	rows  [][]string
}

func (r *report) add(line int, faults ...fault) {
	r.lines++
	if r.rows == nil {
		r.rows = [][]string{{"line", "field", "problem"}}
	}
	for _, f := range faults {
		switch {
		case len(r.rows) < maxFaults:
			r.rows = append(r.rows, []string{strconv.Itoa(line), f.field, f.problem})
		case len(r.rows) == maxFaults:
			r.rows = append(r.rows, []string{strconv.Itoa(line), "", "and_more"})
		}
	}
}

// receive hands on every readable line of a file.
func (v *Vendor) receive(ctx context.Context, kind layout, file *lines, receive func(context.Context, certification.Incoming) error, collected *Collected) (*report, error) {
	bad := new(report)
	var header []string
	for {
		fields, wrong, err := file.next()
		switch {
		case errors.Is(err, io.EOF):
			if header == nil && bad.lines == 0 {
				bad.add(1, fault{"", "no_header"})
			}
			return bad, nil
		case err != nil:
			return nil, fmt.Errorf("read a file of the exam vendor: %w", err)
		case wrong != nil:
			bad.add(file.number, *wrong)
			if header == nil || file.spent() {
				return bad, nil
			}
			continue
		case header == nil:
			if faults := missing(kind.columns, fields); len(faults) > 0 {
				bad.add(file.number, faults...)
				return bad, nil
			}
			header = fields
			continue
		case len(fields) != len(header):
			bad.add(file.number, fault{"", "not_as_many_fields_as_the_header"})
			continue
		}
		row := make(map[string]string, len(header))
		for i, column := range header {
			row[column] = strings.TrimSpace(fields[i])
		}
		e, faults := kind.wire(row).read()
		if len(faults) > 0 {
			for i := range faults {
				faults[i].field = cmp.Or(kind.spoken[faults[i].field], faults[i].field)
			}
			bad.add(file.number, faults...)
			continue
		}
		incoming, err := e.incoming()
		if err != nil {
			return nil, err
		}
		if err := receive(ctx, incoming); err != nil {
			return nil, fmt.Errorf("receive exam vendor event %s: %w", e.EventID, err)
		}
		collected.Events++
	}
}

// missing says which columns a header does not have exactly once. It may have more:
// they are not read.
func missing(columns, header []string) []fault {
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	var faults []fault
	for _, column := range columns {
		switch first := slices.Index(header, column); {
		case first < 0:
			faults = append(faults, fault{column, "no_such_column"})
		case slices.Contains(header[first+1:], column):
			faults = append(faults, fault{column, "column_twice"})
		}
	}
	return faults
}
