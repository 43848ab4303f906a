package stack

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// account is a user of the system other than ourselves.
type account struct {
	name     string
	uid, gid uint32
}

// unprivileged is the user that runs PostgreSQL when we are root, which it
// refuses: postgres where there is one, otherwise nobody.
func unprivileged() (*account, error) {
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(found.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(found.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as: start this as an ordinary user")
}

// owner is who owns a file.
func owner(path string) (account, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return account{}, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return account{}, fmt.Errorf("the owner of %s cannot be read on this system", path)
	}
	a := account{name: "user " + strconv.Itoa(int(stat.Uid)), uid: stat.Uid, gid: stat.Gid}
	if found, err := user.LookupId(strconv.Itoa(int(stat.Uid))); err == nil {
		a.name = found.Username
	}
	return a, nil
}

// canReach says whether the account may pass through every folder from the root
// to dir.
func (a account) canReach(dir string) bool {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	for {
		info, err := os.Stat(dir)
		if err != nil {
			return false
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return false
		}
		enter := os.FileMode(0o001)
		switch {
		case stat.Uid == a.uid:
			enter = 0o100
		case stat.Gid == a.gid:
			enter = 0o010
		}
		if info.Mode().Perm()&enter == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
		dir = filepath.Dir(dir)
	}
}

// postgresNote is the file that says where the database is, if it is not beside it.
const postgresNote = "postgres-folder"

// home is the folder in which PostgreSQL keeps its data, and who runs it (nil:
// ourselves). Root's clone may lie where an unprivileged user cannot go; then
// the folder is outside, and a file in the stack's folder says where.
func home(dir string) (string, *account, error) {
	beside := filepath.Join(dir, "postgres")
	if os.Geteuid() != 0 {
		return beside, nil, nil
	}

	who, err := unprivileged()
	if err != nil {
		return "", nil, err
	}
	place := beside
	note := filepath.Join(dir, postgresNote)
	if written, err := os.ReadFile(note); err == nil {
		place = strings.TrimSpace(string(written))
	} else if !who.canReach(dir) {
		outside, err := folderOutside(dir)
		if err != nil {
			return "", nil, err
		}
		if err := os.WriteFile(note, []byte(outside+"\n"), 0o600); err != nil {
			return "", nil, fmt.Errorf("noting where PostgreSQL keeps its data: %w", err)
		}
		place = outside
	}
	if place != beside {
		place = filepath.Join(place, "postgres")
	}
	// Data of an earlier start keep their owner, which may be an ordinary user.
	if before, err := owner(place); err == nil && before.uid != 0 {
		who = &before
	}
	return place, who, nil
}

// folderOutside makes the folder under /var/tmp for the stack of one clone.
func folderOutside(dir string) (string, error) {
	path := fmt.Sprintf("/var/tmp/peercert-%x", sha256.Sum256([]byte(dir)))[:len("/var/tmp/peercert-")+16]
	if err := os.Mkdir(path, 0o711); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("making a folder that PostgreSQL's user can reach: %w", err)
	}
	// Anybody may have made a folder of that name before us.
	info, err := os.Lstat(path)
	if err != nil {
		return "", fmt.Errorf("making a folder that PostgreSQL's user can reach: %w", err)
	}
	if who, err := owner(path); err != nil || who.uid != 0 || !info.IsDir() {
		return "", fmt.Errorf("%s is in the way and not ours: remove it", path)
	}
	if err := os.Chmod(path, 0o711); err != nil {
		return "", fmt.Errorf("making a folder that PostgreSQL's user can reach: %w", err)
	}
	return path, nil
}
