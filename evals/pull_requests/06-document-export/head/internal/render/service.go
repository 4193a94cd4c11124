package render

import (
	"context"
	"fmt"
	"time"
)

// Renderer makes a PDF of a document; it needs much memory.
type Renderer interface {
	Render(ctx context.Context, documentID string) ([]byte, error)
}

// Store keeps files by key.
type Store interface {
	Put(ctx context.Context, key string, content []byte) error
}

// Service renders documents, a few at a time.
type Service struct {
	renderer Renderer
	store    Store
	slots    chan struct{}
	timeout  time.Duration
}

// NewService makes a Service that renders at most limit documents at once.
func NewService(renderer Renderer, store Store, limit int, timeout time.Duration) *Service {
	return &Service{
		renderer: renderer,
		store:    store,
		slots:    make(chan struct{}, limit),
		timeout:  timeout,
	}
}

// Export renders a document and stores the result under its key.
func (s *Service) Export(ctx context.Context, documentID string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()

	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return "", fmt.Errorf("wait for a slot: %w", ctx.Err())
	}

	content, err := s.renderer.Render(ctx, documentID)
	if err != nil {
		return "", fmt.Errorf("render %s: %w", documentID, err)
	}
	<-s.slots

	key := fmt.Sprintf("exports/%s.pdf", documentID)
	if err := s.store.Put(ctx, key, content); err != nil {
		return "", fmt.Errorf("store %s: %w", key, err)
	}
	return key, nil
}
