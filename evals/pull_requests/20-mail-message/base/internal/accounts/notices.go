package accounts

import (
	"context"
	"fmt"
	"time"

	"example.test/portal/internal/mail"
)

// Account is a person who can sign in.
type Account struct {
	Email string
	Name  string
}

// Notices writes to people about their accounts.
type Notices struct {
	mailer *mail.Mailer
}

// Welcome greets a new account.
func (n *Notices) Welcome(ctx context.Context, account *Account) error {
	body := fmt.Sprintf("Hello %s, your account is ready.", account.Name)
	return n.mailer.Send(ctx, "Welcome", account.Email, body)
}

// SignedIn warns of a sign-in from a device that was not seen before.
func (n *Notices) SignedIn(ctx context.Context, account *Account, device string, at time.Time) error {
	body := fmt.Sprintf("%s signed in from %s at %s.", account.Name, device, at.Format(time.RFC3339))
	return n.mailer.Send(ctx, "New sign-in", account.Email, body)
}

// EmailChanged tells the old address that it was replaced.
func (n *Notices) EmailChanged(ctx context.Context, old string, account *Account) error {
	body := fmt.Sprintf("Your address is now %s. Was it not you? Answer to this message.", account.Email)
	return n.mailer.Send(ctx, "Your address was changed", old, body)
}
