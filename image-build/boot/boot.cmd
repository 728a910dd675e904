# What U-Boot does, on any computer: starts the first slot of BOOT_ORDER that has tries left, having counted the try
# down, so that what does not get as far as being marked good is given up for the other. slots.env is read by name and
# checked: after a write that was cut short each slot has its tries again, but for one in which there is nothing.
setenv slots_file slots.env
setenv words_at ${scriptaddr}
setexpr kernel_at ${kernel_addr_r} + 0x3f80000
setexpr initrd_at ${kernel_addr_r} + 0xa000000
test -n "${fdt_addr}" || setenv fdt_addr ${fdtcontroladdr}
test -n "${distro_bootpart}" || setenv distro_bootpart 1
setenv card ${devtype} ${devnum}:${distro_bootpart}

# A slot without anything that starts it would be taken for a version that can be gone back to.
setenv again 'if load ${card} ${words_at} ${slot}/slot.env; then setenv BOOT_${slot}_LEFT 3; else setenv BOOT_${slot}_LEFT 0; fi'

setenv BOOT_ORDER
setenv BOOT_A_LEFT
setenv BOOT_B_LEFT
if load ${card} ${words_at} ${slots_file}; then
  env import -t ${words_at} ${filesize} BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
fi
setenv sound no
# One by one: a loop of this shell takes words that are quoted apart.
if test "${BOOT_ORDER}" = "A B"; then setenv sound yes; fi
if test "${BOOT_ORDER}" = "B A"; then setenv sound yes; fi
if test "${BOOT_ORDER}" = "A"; then setenv sound yes; fi
if test "${BOOT_ORDER}" = "B"; then setenv sound yes; fi
if test ${sound} = no; then setenv BOOT_ORDER "A B"; fi
for slot in A B; do
  setenv sound no
  for known in 0 1 2 3; do
    if test "${slot}" = A && test "${BOOT_A_LEFT}" = "${known}"; then setenv sound yes; fi
    if test "${slot}" = B && test "${BOOT_B_LEFT}" = "${known}"; then setenv sound yes; fi
  done
  if test ${sound} = no; then run again; fi
done

# What is exported ends in a zero byte, which is no part of a text.
setenv save 'env export -t ${words_at} BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT && setexpr bytes ${filesize} - 1 && fatwrite ${card} ${words_at} ${slots_file} ${bytes}'
setenv start 'load ${card} ${words_at} ${slot}/slot.env && env import -t ${words_at} ${filesize} slot_args && load ${card} ${kernel_at} ${slot}/vmlinuz && load ${card} ${initrd_at} ${slot}/initrd.img && setenv initrd_bytes ${filesize} && setenv bootargs ${slot_args} ${board_args} && booti ${kernel_at} ${initrd_at}:${initrd_bytes} ${fdt_addr}'

# What this computer's kernel is told beyond that.
setenv board_args
if load ${card} ${words_at} boards/${board}.env; then
  env import -t ${words_at} ${filesize} board_args
fi

for slot in ${BOOT_ORDER}; do
  setenv left 0
  if test ${slot} = A; then setenv left ${BOOT_A_LEFT}; fi
  if test ${slot} = B; then setenv left ${BOOT_B_LEFT}; fi
  if test ${left} -gt 0; then
    setexpr BOOT_${slot}_LEFT ${left} - 1
    run save
    echo "Pierside: slot ${slot}, ${left} tries were left"
    run start
    echo "Pierside: slot ${slot} cannot be started"
  fi
done

# Nothing is left: everything again, rather than nothing for ever.
for slot in A B; do run again; done
run save
sleep 5
reset
