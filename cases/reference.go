package cases

import (
	"context"
	"fmt"
	"math"
	"time"

	"peercert/certification"
	"peercert/store"
	"peercert/store/queries"
)

// Video is the introduction video.
func (c *Cases) Video(context.Context) (Video, error) { return c.Options.Video, nil }

// VideoProgress is how far the owner of a case came with the video.
func (c *Cases) VideoProgress(ctx context.Context, actor certification.Actor, caseID string) (VideoProgress, error) {
	if _, err := c.find(ctx, actor, caseID); err != nil {
		return VideoProgress{}, err
	}
	return c.progress(ctx, caseID)
}

func (c *Cases) progress(ctx context.Context, caseID string) (VideoProgress, error) {
	rows, err := c.Store.VideoProgress(ctx, caseID)
	if err != nil {
		return VideoProgress{}, failed(err, "reading the progress with the video")
	}
	progress := VideoProgress{Complete: len(c.Options.Video.Chapters) > 0}
	for _, chapter := range c.Options.Video.Chapters {
		watched := WatchedChapter{Chapter: chapter}
		for _, row := range rows {
			if row.Chapter == chapter.ID {
				watched.OpenedAt, watched.FinishedAt = row.OpenedAt, at(row.FinishedAt)
			}
		}
		progress.Complete = progress.Complete && !watched.FinishedAt.IsZero()
		progress.Chapters = append(progress.Chapters, watched)
	}
	for i, chapter := range progress.Chapters {
		if !chapter.OpenedAt.IsZero() && chapter.FinishedAt.IsZero() {
			progress.Chapters[i].CountsAt = progress.earliestEnd(chapter)
		}
	}
	return progress, nil
}

// Watch records a step with the video. A chapter counts once its length has passed
// since it was opened, and the video no faster than its chapters one after another,
// so that neither one click nor five windows can fake it.
func (c *Cases) Watch(ctx context.Context, actor certification.Actor, watch Watch) (VideoProgress, error) {
	row, err := c.findOwn(ctx, actor, watch.CaseID)
	if err != nil {
		return VideoProgress{}, err
	}
	request := digest("watch", watch.CaseID, watch.Chapter, watch.Event)
	return once(ctx, c, actor, watch.Key, request, func() (VideoProgress, error) {
		if row.Stage == certification.StageClosed {
			return VideoProgress{}, certification.CaseClosed()
		}
		progress, err := c.progress(ctx, watch.CaseID)
		if err != nil {
			return VideoProgress{}, err
		}
		for _, chapter := range progress.Chapters {
			if chapter.ID != watch.Chapter {
				continue
			}
			now := c.now()
			if watch.Event == "opened" {
				err = c.Store.OpenChapter(ctx, queries.OpenChapterParams{CaseID: watch.CaseID, Chapter: chapter.ID, OpenedAt: now})
			} else {
				if at := progress.earliestEnd(chapter); chapter.OpenedAt.IsZero() || now.Before(at) {
					left := time.Duration(chapter.Seconds) * time.Second
					if !chapter.OpenedAt.IsZero() {
						left = at.Sub(now)
					}
					return VideoProgress{}, certification.Invalid(certification.Finding{
						Field: "chapter", Code: "not_watched", Detail: fmt.Sprintf("This chapter can count in %d seconds: chapters count one after another.", int(math.Ceil(left.Seconds()))),
					})
				}
				err = c.Store.FinishChapter(ctx, queries.FinishChapterParams{CaseID: watch.CaseID, Chapter: chapter.ID, FinishedAt: &now})
			}
			if err != nil {
				return VideoProgress{}, failed(err, "recording the progress with the video")
			}
			return c.progress(ctx, watch.CaseID)
		}
		return VideoProgress{}, certification.Invalid(certification.Finding{Field: "chapter", Code: "unknown", Detail: "The video has no such chapter."})
	})
}

// earliestEnd is when a chapter can have been watched to its end: its length after it
// was opened, and the length of all that was watched after the first was.
func (p VideoProgress) earliestEnd(chapter WatchedChapter) time.Time {
	began, watched := chapter.OpenedAt, chapter.Seconds
	for _, other := range p.Chapters {
		if !other.OpenedAt.IsZero() && other.OpenedAt.Before(began) {
			began = other.OpenedAt
		}
		if other.ID != chapter.ID && !other.FinishedAt.IsZero() {
			watched += other.Seconds
		}
	}
	alone := chapter.OpenedAt.Add(time.Duration(chapter.Seconds) * time.Second)
	inTurn := began.Add(time.Duration(watched) * time.Second)
	if inTurn.After(alone) {
		return inTurn
	}
	return alone
}

// TrainingProviders are the approved providers of the 80-hour training.
func (c *Cases) TrainingProviders(context.Context) ([]TrainingProvider, error) {
	var providers []TrainingProvider
	for _, provider := range certification.TrainingProviders {
		from, _ := provider.ApprovedFrom.Day()
		until, _ := provider.ApprovedUntil.Day()
		providers = append(providers, TrainingProvider{
			ID: provider.ID, Name: provider.Name, Languages: provider.Languages, ApprovedFrom: from, ApprovedUntil: until,
		})
	}
	return providers, nil
}

// Certificate is what anybody may know about a certificate (domain §6).
func (c *Cases) Certificate(ctx context.Context, number string) (PublicCertificate, error) {
	row, err := c.Store.CaseOfCertificate(ctx, &number)
	if store.None(err) {
		return PublicCertificate{}, certification.NotFound()
	}
	if err != nil {
		return PublicCertificate{}, failed(err, "reading a certificate")
	}
	return c.publicCertificate(row.Snapshot, row.ClosedAt, row.FirstName, row.MiddleName, row.LastName)
}

// publicStatus is what a certificate is at an instant. Between the last day of its term and
// the end of a longer time to renew (docs/decisions/time-to-renew.md) it has expired, and a
// renewal that is sent then makes it valid again.
func publicStatus(c certification.Case, now time.Time) string {
	switch {
	case c.Stage == certification.StageRevoked, c.AppealFrom == certification.StageRevoked, c.Outcome == certification.OutcomeRevoked:
		return CertificateRevoked
	case c.Outcome == certification.OutcomeSurrendered:
		return CertificateSurrendered
	case c.Stage == certification.StageClosed:
		return CertificateVacated // whatever was the reason: a denial is not public
	case c.Certificate.Lapsed, !c.RenewalFiled && now.After(c.Certificate.ExpiresAt):
		return CertificateExpired
	case c.Suspended:
		return CertificateSuspended
	case c.RenewalFiled:
		return CertificateRenewalPending
	}
	return CertificateActive
}

// publicEnd is until when a certificate is valid, or was: to the end of its term, or to
// the instant at which its case was closed. A renewal that was sent in time keeps it until
// then, also after its term. One that was revoked ended before its case did, and is shown
// with its term.
func publicEnd(c certification.Case, closedAt time.Time) time.Time {
	expires := c.Certificate.ExpiresAt
	if c.Stage != certification.StageClosed || c.Outcome == certification.OutcomeRevoked || closedAt.IsZero() {
		return expires
	}
	if kept := c.RenewalFiled && !c.Certificate.Lapsed; kept || closedAt.Before(expires) {
		return closedAt
	}
	return expires
}
