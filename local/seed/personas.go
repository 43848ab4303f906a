package seed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"peercert/certification"
	"peercert/local/product"
	"peercert/local/stack"
)

// Personas are those whom somebody at this machine can be: the staff, and the made-up
// people. Kept in the folder of the stack, with their tokens, for local use only.
type Personas struct {
	Staff  []Staff   `json:"staff"`
	People []Persona `json:"people,omitempty"`
}

// Staff is a reviewer or an administrator.
type Staff struct {
	ID    string             `json:"id"`
	Role  certification.Role `json:"role"`
	Token string             `json:"token"`
}

// Persona is one made-up person.
type Persona struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Language string `json:"language"`
	About    string `json:"about"`
	CaseID   string `json:"case_id"`
	Token    string `json:"token"`
}

// tokens last longer than anybody moves the clock.
const tokenLifetime = 20 * 365 * 24 * time.Hour

// Open reads the personas of a product, and makes the staff if there is none yet.
func Open(ctx context.Context, running *stack.Stack, p *product.Product) (Personas, error) {
	var personas Personas
	text, err := os.ReadFile(file(running))
	switch {
	case err == nil:
		if err := json.Unmarshal(text, &personas); err != nil {
			return Personas{}, fmt.Errorf("%s cannot be read: delete it to have new tokens made", file(running))
		}
	case !errors.Is(err, fs.ErrNotExist):
		return Personas{}, fmt.Errorf("reading the personas: %w", err)
	}
	if len(personas.Staff) > 0 {
		return personas, nil
	}
	for _, actor := range []certification.Actor{reviewer1, reviewer2, administrator} {
		token, err := p.Parts.Cases.NewToken(ctx, actor, "local persona", tokenLifetime)
		if err != nil {
			return Personas{}, fmt.Errorf("making a token for %s: %w", actor.ID, err)
		}
		personas.Staff = append(personas.Staff, Staff{ID: actor.ID, Role: actor.Role, Token: token})
	}
	return personas, personas.write(running)
}

// keep writes down who was made up, with a token for each.
func keep(ctx context.Context, running *stack.Stack, p *product.Product, lived []*life) error {
	personas, err := Open(ctx, running, p)
	if err != nil {
		return err
	}
	for _, life := range lived {
		token, err := p.Parts.Cases.NewToken(ctx, life.me, "local persona", tokenLifetime)
		if err != nil {
			return fmt.Errorf("making a token for %s: %w", life.person.id, err)
		}
		personas.People = append(personas.People, Persona{
			Name: life.first + " " + life.last, Email: life.email(), Language: life.language, About: life.about,
			CaseID: life.caseID, Token: token,
		})
	}
	return personas.write(running)
}

func file(running *stack.Stack) string { return filepath.Join(running.Dir(), "personas.json") }

func (personas Personas) write(running *stack.Stack) error {
	text, err := json.MarshalIndent(personas, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the personas: %w", err)
	}
	if err := os.WriteFile(file(running), text, 0o600); err != nil {
		return fmt.Errorf("writing the personas: %w", err)
	}
	return nil
}
