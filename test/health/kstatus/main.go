// Reads objects, one JSON document after another, and answers each with a line: what kstatus says of it.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type answer struct {
	Status  string `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
	Error   string `json:"error,omitempty"`
}

func main() {
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	buffer := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(buffer)
	for {
		var document json.RawMessage
		if err := in.Decode(&document); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(statusOf(document)); err != nil {
			log.Fatal(err)
		}
	}
	if err := buffer.Flush(); err != nil {
		log.Fatal(err)
	}
}

func statusOf(document []byte) answer {
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(document); err != nil {
		return answer{Error: err.Error()}
	}
	result, err := status.Compute(object)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Status: string(result.Status), Message: result.Message}
}
