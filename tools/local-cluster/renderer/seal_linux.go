//go:build linux && (amd64 || arm64)

package renderer

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// seal is what the kernel enforces besides the limits of the parent. Both parts are missing on kernels
// that do not know them or do not permit them; then the tools are as free as their command lines.
type seal struct {
	// files: Landlock. The process sees the workspaces, and a render sees its own only.
	files bool
	// network: seccomp. No connection leaves, and no program is started.
	network bool
}

// zoneInfo is what time zones in templates are looked up in.
const zoneInfo = "/usr/share/zoneinfo"

const readOnly = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR

// fileAccess is everything that the first version of Landlock can refuse.
const fileAccess = readOnly | unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
	unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_MAKE_CHAR |
	unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK |
	unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | unix.LANDLOCK_ACCESS_FS_MAKE_SYM

func sealProcess(workFolders []string) seal {
	// When the machine or container has no memory left, a render is a smaller loss than its parent.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0)
	if _, _, errno := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno != 0 {
		return seal{}
	}
	return seal{files: sealAllThreads(workFolders), network: refuseNetwork()}
}

func (s seal) names() []string {
	names := []string{}
	if s.files {
		names = append(names, "files")
	}
	if s.network {
		names = append(names, "network")
	}
	return names
}

func sealAllThreads(folders []string) bool {
	ruleset, ok := makeRuleset(folders...)
	if !ok {
		return false
	}
	defer unix.Close(ruleset)
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(ruleset), 0, 0)
	return errno == 0
}

// sealThread narrows the calling thread down to one workspace.
func (s seal) sealThread(folder string) {
	if !s.files {
		return
	}
	ruleset, ok := makeRuleset(folder)
	if !ok {
		must(os.ErrPermission)
	}
	defer unix.Close(ruleset)
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(ruleset), 0, 0); errno != 0 {
		must(errno)
	}
}

func makeRuleset(folders ...string) (int, bool) {
	attributes := unix.LandlockRulesetAttr{Access_fs: fileAccess}
	ruleset, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attributes)), 8, 0)
	if errno != 0 {
		return -1, false
	}
	for _, folder := range folders {
		if addRule(int(ruleset), folder, fileAccess&^unix.LANDLOCK_ACCESS_FS_EXECUTE) != nil {
			unix.Close(int(ruleset))
			return -1, false
		}
	}
	// Absent in small images: then a zone is as unknown as to the command line.
	_ = addRule(int(ruleset), zoneInfo, readOnly)
	return int(ruleset), true
}

func addRule(ruleset int, folder string, access uint64) error {
	fd, err := unix.Open(folder, unix.O_PATH|unix.O_CLOEXEC|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(
		unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// refused are the system calls that answer with an error. A connection is refused as by the proxy that
// the environment names, so that messages stay the same.
var refused = []struct {
	number uint32
	errno  unix.Errno
}{
	{unix.SYS_CONNECT, unix.ECONNREFUSED},
	{unix.SYS_SENDTO, unix.EPERM},
	{unix.SYS_SENDMSG, unix.EPERM},
	{unix.SYS_SENDMMSG, unix.EPERM},
	{unix.SYS_BIND, unix.EPERM},
	{unix.SYS_LISTEN, unix.EPERM},
	{unix.SYS_EXECVE, unix.EPERM},
	{unix.SYS_EXECVEAT, unix.EPERM},
	{unix.SYS_PTRACE, unix.EPERM},
	{unix.SYS_PROCESS_VM_READV, unix.EPERM},
	{unix.SYS_PROCESS_VM_WRITEV, unix.EPERM},
	{unix.SYS_IO_URING_SETUP, unix.EPERM},
}

const (
	// Offsets in struct seccomp_data.
	dataNumber       = 0
	dataArchitecture = 4
	// Numbers from here on belong to another calling convention of amd64.
	x32Bit = 0x40000000
)

func refuseNetwork() bool {
	architecture := uint32(unix.AUDIT_ARCH_X86_64)
	if runtime.GOARCH == "arm64" {
		architecture = unix.AUDIT_ARCH_AARCH64
	}
	filter := []unix.SockFilter{
		load(dataArchitecture),
		jump(unix.BPF_JEQ, architecture, 1, 0),
		refuse(unix.EPERM),
		load(dataNumber),
		jump(unix.BPF_JGE, x32Bit, 0, 1),
		refuse(unix.EPERM),
	}
	for _, call := range refused {
		filter = append(filter, jump(unix.BPF_JEQ, call.number, 0, 1), refuse(call.errno))
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(
		unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	return errno == 0
}

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

// jump skips so many instructions when the comparison holds, and so many when it does not.
func jump(comparison uint16, value uint32, ifTrue, ifFalse uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | comparison | unix.BPF_K, Jt: ifTrue, Jf: ifFalse, K: value}
}

func refuse(errno unix.Errno) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)}
}
