// Disks as the kernel and udev tell of them, in a folder that stands in for `/`: an SSD and a small stick on USB, and
// the card that the box runs from.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Of the SSD. */
export const ssdBytes = 976_773_168 * 512

/** @param root made if need be */
export function plugDisksIn(root: string): { put(name: string, text: string): void } {
  const put = (name: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    writeFileSync(path.join(root, name), `${text}\n`)
  }
  const disk = (device: string, bus: string, bytes: number, vendor: string, model: string) => {
    const at = `sys/devices/${bus}/block/${device}`
    put(`${at}/size`, String(bytes / 512))
    put(`${at}/device/vendor`, vendor)
    put(`${at}/device/model`, model)
    mkdirSync(path.join(root, 'sys/block'), { recursive: true })
    symlinkSync(path.join('../..', at), path.join(root, 'sys/block', device))
    return at
  }
  const ssd = disk('sda', 'pci0/usb1/1-1', ssdBytes, 'Acme', 'Portable  SSD')
  put(`${ssd}/dev`, '8:0')
  put(`${ssd}/sda1/dev`, '8:1')
  put(`${ssd}/sda2/dev`, '8:2')
  put('run/udev/data/b8:0', 'S:disk/by-id/x\nE:ID_SERIAL_SHORT=S1 234')
  put('run/udev/data/b8:1', 'E:ID_FS_TYPE=exfat\nE:ID_FS_LABEL=NIGHTS')
  put('run/udev/data/b8:2', 'E:ID_FS_TYPE=ext4')
  disk('sdb', 'pci0/usb1/1-2', 40_000_512, 'Tiny', 'Stick')
  // A reader without a card in it.
  disk('sdc', 'pci0/usb1/1-3', 0, 'Card', 'Reader')
  disk('mmcblk0', 'mmc0', 31_914_983_424, '', 'SN32G')
  return { put }
}
