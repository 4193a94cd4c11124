package geocode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	attempts     = 3
	pause        = 200 * time.Millisecond
	drainedBytes = 64 << 10
)

var errOverloaded = errors.New("geocode: overloaded")

// Place is where an address was found.
type Place struct {
	Latitude  float64 `json:"lat"`
	Longitude float64 `json:"lon"`
}

// Client asks the geocoding service.
type Client struct {
	http    *http.Client
	baseURL string
}

// NewClient makes a Client of the service at baseURL.
func NewClient(client *http.Client, baseURL string) *Client {
	return &Client{http: client, baseURL: baseURL}
}

// Find returns the place of an address.
func (c *Client) Find(ctx context.Context, address string) (*Place, error) {
	target := c.baseURL + "/search?q=" + url.QueryEscape(address)
	for attempt := 1; ; attempt++ {
		place, err := c.ask(ctx, target)
		if err == nil || !errors.Is(err, errOverloaded) || attempt == attempts {
			return place, err
		}
		select {
		case <-time.After(time.Duration(attempt) * pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *Client) ask(ctx context.Context, target string) (*Place, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, fmt.Errorf("geocode request: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("geocode: %w", err)
	}
	defer func() {
		_, _ = io.CopyN(io.Discard, response.Body, drainedBytes)
		response.Body.Close()
	}()
	if response.StatusCode == http.StatusServiceUnavailable {
		return nil, errOverloaded
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("geocode: status %d", response.StatusCode)
	}
	var place Place
	if err := json.NewDecoder(response.Body).Decode(&place); err != nil {
		return nil, fmt.Errorf("geocode answer: %w", err)
	}
	return &place, nil
}
