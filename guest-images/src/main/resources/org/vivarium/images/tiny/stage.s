# stage MARK [PROGRAM [ARGUMENT ...]]
#
# Writes the first byte of MARK to the debug I/O port 0xE9, as programs do that tell a virtual
# machine monitor how far the boot has come (nothing happens where no device listens there). Stock
# cloud kernels have no /dev/port, so the port is opened to this process with ioperm. Then it gives
# SIGINT and SIGQUIT back their default action, which a shell takes from its background jobs, and
# becomes PROGRAM, found by its full path.
#
# Stage.java holds the bytes of this program; a test assembles it again and compares.
#     as -o stage.o stage.s && objcopy -O binary stage.o stage.bin
	.intel_syntax noprefix
	.globl	_start
_start:
	mov	rbx, rsp		# argc, then argv[0], argv[1], ..., 0, then the environment
	cmp	qword ptr [rbx], 2
	jl	done
	mov	edi, 0xe9		# ioperm(0xe9, 1, 1)
	mov	esi, 1
	mov	edx, 1
	mov	eax, 173
	syscall
	test	eax, eax
	jnz	signals
	mov	rsi, [rbx + 16]
	mov	al, [rsi]
	out	0xe9, al
signals:
	push	0			# struct sigaction: SIG_DFL, no flags, no restorer, no mask
	push	0
	push	0
	push	0
	mov	ebp, 2			# SIGINT, then SIGQUIT
next:
	mov	edi, ebp		# rt_sigaction(signal, action, 0, 8)
	mov	rsi, rsp
	xor	edx, edx
	mov	r10d, 8
	mov	eax, 13
	syscall
	inc	ebp
	cmp	ebp, 3
	je	next
	mov	rax, [rbx]
	cmp	rax, 3
	jl	done
	mov	rdi, [rbx + 24]		# execve(argv[2], argv + 2, environment)
	lea	rsi, [rbx + 24]
	lea	rdx, [rbx + rax * 8 + 16]
	mov	eax, 59
	syscall
	mov	edi, 127
	jmp	exit
done:
	xor	edi, edi
exit:
	mov	eax, 60			# exit(edi)
	syscall
