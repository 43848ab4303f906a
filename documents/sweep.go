package documents

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"peercert/certification"
)

// object is one version of a key, or the mark that a key was deleted.
type object struct {
	key      string
	version  string
	modified time.Time
}

// errRefused is what deleteVersion says of an object that the storage does not let go.
var errRefused = errors.New("the storage refuses to")

// Delete removes every version of everything that was made of a document. It may be
// repeated. The error is ErrUnavailable if the storage is down, and is not if it refuses to
// let this document go.
func (d *Documents) Delete(ctx context.Context, document certification.Document) error {
	if err := checkID(document.ID); err != nil {
		return err
	}
	for _, key := range []string{viewKey(document.ID), cleanKey(document.ID), quarantineKey(document.ID)} {
		if err := d.deleteKey(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// deleteKey removes every version of a key, and the marks that it was deleted.
func (d *Documents) deleteKey(ctx context.Context, key string) error {
	var versions []object
	err := d.eachPage(ctx, key, func(_ time.Time, page []object) error {
		for _, found := range page {
			if found.key == key {
				versions = append(versions, found)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, found := range versions {
		if err := d.deleteVersion(ctx, found); err != nil {
			return err
		}
	}
	return nil
}

// Swept counts versions of objects.
type Swept struct {
	Seen    int
	Deleted int
}

// maxSwept bounds what one sweep deletes, so that it holds only so much in memory. The
// next one goes on.
const maxSwept = 10_000

// errSwept ends a listing once there is enough to delete.
var errSwept = errors.New("enough for one sweep")

// Sweep deletes objects that no row knows: an upload whose request died between the
// bucket and the records, or what is left of an erased case. Objects younger than
// olderThan, an hour, by the storage's own clock, may still get their row and are left
// alone, as are keys that are not ours. known is asked about a page of document ids at a
// time, at most 1,000, and says which of them have a row.
func (d *Documents) Sweep(ctx context.Context, known func(ctx context.Context, ids []string) (map[string]bool, error), olderThan time.Duration) (Swept, error) {
	var swept Swept
	// Deleting waits for the end of the listing: a listing whose last key is gone is
	// not gone on with by every S3.
	var orphans []object
	for _, prefix := range []string{quarantinePrefix, cleanPrefix, viewPrefix} {
		err := d.eachPage(ctx, prefix, func(now time.Time, page []object) error {
			swept.Seen += len(page)
			found, err := unknown(ctx, page, now.Add(-olderThan), known)
			if err != nil {
				return err
			}
			orphans = append(orphans, found...)
			if len(orphans) >= maxSwept {
				return errSwept
			}
			return nil
		})
		if errors.Is(err, errSwept) {
			break
		}
		if err != nil {
			return swept, err
		}
	}
	var refused error // the first; the others go all the same
	for _, orphan := range orphans {
		err := d.deleteVersion(ctx, orphan)
		switch {
		case err == nil:
			swept.Deleted++
		case !errors.Is(err, errRefused):
			return swept, err
		case refused == nil:
			refused = err
		}
	}
	return swept, refused
}

// unknown gives the objects of a page that were written before an instant for a document
// without a row.
func unknown(ctx context.Context, page []object, before time.Time, known func(context.Context, []string) (map[string]bool, error)) ([]object, error) {
	old := map[string][]object{}
	for _, found := range page {
		id := strings.TrimSuffix(path.Base(found.key), ".jpg")
		if checkID(id) == nil && found.modified.Before(before) {
			old[id] = append(old[id], found)
		}
	}
	if len(old) == 0 {
		return nil, nil
	}
	rows, err := known(ctx, slices.Collect(maps.Keys(old)))
	if err != nil {
		return nil, fmt.Errorf("documents: asking which documents are known: %w", err)
	}
	var orphans []object
	for id, objects := range old {
		if !rows[id] {
			orphans = append(orphans, objects...)
		}
	}
	return orphans, nil
}

// eachPage lists every version under a prefix, at most 1,000 at a time, with the
// storage's clock. Ours may have been moved.
func (d *Documents) eachPage(ctx context.Context, prefix string, each func(now time.Time, page []object) error) error {
	pages := s3.NewListObjectVersionsPaginator(d.s3, &s3.ListObjectVersionsInput{Bucket: &d.bucket, Prefix: &prefix})
	// Some S3 begin a page with the last object of the page before.
	before := map[object]bool{}
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return failed("listing "+prefix, err)
		}
		now, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
		if !ok {
			return failed("listing "+prefix, errors.New("the storage does not say what time it is"))
		}
		all := make([]object, 0, len(out.Versions)+len(out.DeleteMarkers))
		for _, v := range out.Versions {
			all = append(all, object{aws.ToString(v.Key), aws.ToString(v.VersionId), aws.ToTime(v.LastModified).UTC()})
		}
		for _, m := range out.DeleteMarkers {
			all = append(all, object{aws.ToString(m.Key), aws.ToString(m.VersionId), aws.ToTime(m.LastModified).UTC()})
		}
		page := slices.DeleteFunc(slices.Clone(all), func(found object) bool { return before[found] })
		clear(before)
		for _, found := range all {
			before[found] = true
		}
		if err := each(now, page); err != nil {
			return err
		}
	}
	return nil
}

func (d *Documents) deleteVersion(ctx context.Context, found object) error {
	input := &s3.DeleteObjectInput{Bucket: &d.bucket, Key: &found.key}
	if found.version != "" {
		input.VersionId = &found.version
	}
	_, err := d.s3.DeleteObject(ctx, input)
	switch {
	case err == nil, isMissing(err):
		return nil
	case isRefused(err):
		return fmt.Errorf("documents: deleting %s: %w: %w", found.key, errRefused, err)
	}
	return failed("deleting "+found.key, err)
}
