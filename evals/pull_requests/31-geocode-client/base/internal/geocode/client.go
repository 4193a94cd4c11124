package geocode

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

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
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, fmt.Errorf("geocode request: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("geocode: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("geocode: status %d", response.StatusCode)
	}
	var place Place
	if err := json.NewDecoder(response.Body).Decode(&place); err != nil {
		return nil, fmt.Errorf("geocode answer: %w", err)
	}
	return &place, nil
}
