package documents

import (
	"context"
	"errors"
	"path"
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

// Delete removes every version of everything that was made of a document. It may be
// repeated.
func (d *Documents) Delete(ctx context.Context, document certification.Document) error {
	if err := checkID(document.ID); err != nil {
		return err
	}
	for _, key := range []string{viewKey(document.ID), cleanKey(document.ID), quarantineKey(document.ID)} {
		err := d.eachPage(ctx, key, func(_ time.Time, page []object) error {
			for _, found := range page {
				if found.key != key {
					continue
				}
				if err := d.deleteVersion(ctx, found); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
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

// Sweep deletes objects that no row knows: an upload whose request died between the
// bucket and the records, or what is left of an erased case. Objects younger than
// olderThan, an hour, by the storage's own clock, may still get their row and are left
// alone, as are keys that are not ours. known is asked about a page of document ids at a
// time, at most 1,000, and says which of them have a row.
func (d *Documents) Sweep(ctx context.Context, known func(ctx context.Context, ids []string) (map[string]bool, error), olderThan time.Duration) (Swept, error) {
	var swept Swept
	for _, prefix := range []string{quarantinePrefix, cleanPrefix, viewPrefix} {
		err := d.eachPage(ctx, prefix, func(now time.Time, page []object) error {
			swept.Seen += len(page)
			old := map[string][]object{}
			for _, found := range page {
				id := strings.TrimSuffix(path.Base(found.key), ".jpg")
				if checkID(id) == nil && now.Sub(found.modified) > olderThan {
					old[id] = append(old[id], found)
				}
			}
			if len(old) == 0 {
				return nil
			}
			ids := make([]string, 0, len(old))
			for id := range old {
				ids = append(ids, id)
			}
			rows, err := known(ctx, ids)
			if err != nil {
				return err
			}
			for id, objects := range old {
				if rows[id] {
					continue
				}
				for _, found := range objects {
					if err := d.deleteVersion(ctx, found); err != nil {
						return err
					}
					swept.Deleted++
				}
			}
			return nil
		})
		if err != nil {
			return swept, err
		}
	}
	return swept, nil
}

// eachPage lists every version under a prefix, at most 1,000 at a time, with the
// storage's clock. Ours may have been moved.
func (d *Documents) eachPage(ctx context.Context, prefix string, each func(now time.Time, page []object) error) error {
	pages := s3.NewListObjectVersionsPaginator(d.s3, &s3.ListObjectVersionsInput{Bucket: &d.bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return failed("listing "+prefix, err)
		}
		now, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
		if !ok {
			return failed("listing "+prefix, errors.New("the storage does not say what time it is"))
		}
		var page []object
		for _, v := range out.Versions {
			page = append(page, object{aws.ToString(v.Key), aws.ToString(v.VersionId), aws.ToTime(v.LastModified)})
		}
		for _, m := range out.DeleteMarkers {
			page = append(page, object{aws.ToString(m.Key), aws.ToString(m.VersionId), aws.ToTime(m.LastModified)})
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
	if _, err := d.s3.DeleteObject(ctx, input); err != nil && !isMissing(err) {
		return failed("deleting "+found.key, err)
	}
	return nil
}
