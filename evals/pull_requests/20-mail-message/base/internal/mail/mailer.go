package mail

import (
	"context"
	"fmt"
)

// Transport sends what was composed.
type Transport interface {
	Deliver(ctx context.Context, from string, to []string, raw []byte) error
}

// Mailer sends text messages.
type Mailer struct {
	transport Transport
	sender    string
}

// NewMailer makes a Mailer that sends in the name of sender.
func NewMailer(transport Transport, sender string) *Mailer {
	return &Mailer{transport: transport, sender: sender}
}

// Send sends a message to one person.
func (m *Mailer) Send(ctx context.Context, subject, to, body string) error {
	raw := fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\n%s", m.sender, to, subject, body)
	return m.transport.Deliver(ctx, m.sender, []string{to}, raw)
}
