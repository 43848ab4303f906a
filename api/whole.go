package api

// Core is everything that the API needs of the core, in one value.
type Core interface {
	Tokens
	Registrations
	Cases
	Records
	Drafts
	Documents
	Videos
	Reference
	Webhooks
	Health
	Limits
}

// From gives options whose core is one value.
func From(core Core) Options {
	return Options{
		Tokens: core, Registrations: core, Cases: core, Records: core, Drafts: core, Documents: core,
		Videos: core, Reference: core, Webhooks: core, Health: core, Limits: core,
	}
}
