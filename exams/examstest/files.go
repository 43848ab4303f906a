// Package examstest gives tests a place for the exam vendor's files, and says what
// such a place must do.
package examstest

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Files is a place for files in memory.
type Files struct {
	// Before, if set, is asked before each operation ("put", "get", "list", "move")
	// on a key; its error is the operation's. Set it before the first use.
	Before func(operation, key string) error

	mutex sync.Mutex
	held  map[string][]byte
}

// Put writes a file.
func (f *Files) Put(_ context.Context, key string, body []byte, _ string) error {
	return f.do("put", key, func() error {
		if f.held == nil {
			f.held = map[string][]byte{}
		}
		f.held[key] = bytes.Clone(body)
		return nil
	})
}

// Get opens a file.
func (f *Files) Get(_ context.Context, key string) (io.ReadCloser, error) {
	var body []byte
	err := f.do("get", key, func() error {
		var there bool
		if body, there = f.held[key]; !there {
			return fs.ErrNotExist
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

// List names the files under a prefix, in no order.
func (f *Files) List(_ context.Context, prefix string) ([]string, error) {
	var keys []string
	err := f.do("list", prefix, func() error {
		for key := range f.held {
			if strings.HasPrefix(key, prefix) {
				keys = append(keys, key)
			}
		}
		return nil
	})
	return keys, err
}

// Move gives a file another key.
func (f *Files) Move(_ context.Context, from, to string) error {
	return f.do("move", from, func() error {
		body, there := f.held[from]
		if !there {
			return fs.ErrNotExist
		}
		delete(f.held, from)
		f.held[to] = body
		return nil
	})
}

// Keys names every file, sorted.
func (f *Files) Keys() []string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return slices.Sorted(maps.Keys(f.held))
}

// Text is what a file holds, empty if there is none.
func (f *Files) Text(key string) string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return string(f.held[key])
}

func (f *Files) do(operation, key string, act func() error) error {
	if f.Before != nil {
		if err := f.Before(operation, key); err != nil {
			return err
		}
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return act()
}
