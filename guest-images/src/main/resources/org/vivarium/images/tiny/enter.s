# enter ROOT FOLDER UID GID[,GID...] PROGRAM NAME [ARGUMENT ...]
#
# Makes the folder ROOT the root, goes to FOLDER in it, takes on the user and the groups (at most
# 64 numbers, the first of which is the process's own group), and becomes PROGRAM, found by its full
# path in the new root, whose argument 0 is NAME. Exit status 126 if a step is refused, 127 if
# PROGRAM is not there.
#
# Enter.java holds the bytes of this program; a test assembles it again and compares.
	.intel_syntax noprefix
	.globl	_start
_start:
	mov	rbx, rsp		# argc, then argv[0], argv[1], ..., 0, then the environment
	cmp	qword ptr [rbx], 7
	jl	refused
	mov	rdi, [rbx + 16]		# chroot(ROOT)
	mov	eax, 161
	syscall
	test	eax, eax
	jnz	refused
	mov	rdi, [rbx + 24]		# chdir(FOLDER)
	mov	eax, 80
	syscall
	test	eax, eax
	jnz	refused
	mov	rsi, [rbx + 40]
	sub	rsp, 256
	xor	ebp, ebp
group:
	call	number
	mov	[rsp + rbp * 4], eax
	inc	ebp
	cmp	ebp, 64
	je	groups
	cmp	dl, ','
	je	group
groups:
	mov	edi, ebp		# setgroups(count, list)
	mov	rsi, rsp
	mov	eax, 116
	syscall
	test	eax, eax
	jnz	refused
	mov	edi, [rsp]		# setgid(first)
	mov	eax, 106
	syscall
	test	eax, eax
	jnz	refused
	mov	rsi, [rbx + 32]		# setuid(UID)
	call	number
	mov	edi, eax
	mov	eax, 105
	syscall
	test	eax, eax
	jnz	refused
	mov	rdi, [rbx + 48]		# execve(PROGRAM, NAME and what follows, environment)
	lea	rsi, [rbx + 56]
	mov	rax, [rbx]
	lea	rdx, [rbx + rax * 8 + 16]
	mov	eax, 59
	syscall
	mov	edi, 127
	cmp	eax, -2			# ENOENT
	je	exit
refused:
	mov	edi, 126
exit:
	mov	eax, 60			# exit(edi)
	syscall
number:					# of the digits at rsi: in eax; dl is the character that ended it
	xor	eax, eax
digit:
	movzx	edx, byte ptr [rsi]
	inc	rsi
	lea	ecx, [rdx - '0']
	cmp	ecx, 9
	ja	done
	imul	eax, eax, 10
	add	eax, ecx
	jmp	digit
done:
	ret
