// fill fills its memory with random bytes and waits: what a checkpoint is taken of (bench/gofer).
package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	mib, _ := strconv.Atoi(os.Args[1])
	memory := make([]byte, mib<<20)
	rand.Read(memory)
	fmt.Println("full")
	for i := 0; ; i++ {
		time.Sleep(time.Second)
		memory[i%len(memory)]++
	}
}
