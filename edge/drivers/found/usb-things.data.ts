// USB devices of a pier by vendor and product, and what drives them. A product of '*' is any of that vendor.

export interface UsbThing {
  readonly vendor: string
  readonly product: string
  readonly what: string
  /** In an owner's words. */
  readonly drivenBy: string
  /** Our driver that makes a device of it by its socket alone, once the maker's library is installed. */
  readonly needs?: 'asi'
  /** It is a serial port that the list shows as such. */
  readonly serial?: true
  /** Every one of them has the same serial number, if any. */
  readonly twins?: true
}

const serial = 'the driver of the device behind it'
const indi = (program: string) => `INDI: ${program}`

export const usbThings: readonly UsbThing[] = [
  { vendor: '03c3', product: '1f01', what: 'ZWO filter wheel', drivenBy: indi('indi_asi_wheel') },
  { vendor: '03c3', product: '1f10', what: 'ZWO focuser', drivenBy: indi('indi_asi_focuser') },
  { vendor: '03c3', product: '*', what: 'ZWO ASI camera', drivenBy: 'asi', needs: 'asi' },
  { vendor: '1618', product: '*', what: 'QHY camera', drivenBy: indi('indi_qhy_ccd') },
  { vendor: 'a0a0', product: '*', what: 'Player One camera', drivenBy: indi('indi_playerone_ccd') },
  { vendor: '0547', product: '*', what: 'ToupTek or Altair camera', drivenBy: indi('indi_toupcam_ccd') },
  { vendor: '04a9', product: '*', what: 'Canon camera', drivenBy: indi('indi_canon_ccd') },
  { vendor: '04b0', product: '*', what: 'Nikon camera', drivenBy: indi('indi_nikon_ccd') },
  { vendor: '054c', product: '*', what: 'Sony camera', drivenBy: indi('indi_sony_ccd') },
  { vendor: '1278', product: '*', what: 'Starlight Xpress camera or wheel', drivenBy: indi('indi_sx_ccd') },
  { vendor: '0f18', product: '*', what: 'Finger Lakes camera or wheel', drivenBy: indi('indi_fli_ccd') },
  { vendor: '16c0', product: '05df', what: 'USB relay board', drivenBy: 'dcttech', twins: true },
  { vendor: '2341', product: '0043', what: 'Arduino Uno', drivenBy: serial, serial: true },
  { vendor: '0403', product: '*', what: 'FTDI serial adapter', drivenBy: serial, serial: true },
  { vendor: '067b', product: '*', what: 'Prolific serial adapter', drivenBy: serial, serial: true },
  { vendor: '10c4', product: 'ea60', what: 'CP210x serial adapter', drivenBy: serial, serial: true },
  { vendor: '1a86', product: '*', what: 'CH34x serial adapter', drivenBy: serial, serial: true },
  { vendor: '1546', product: '*', what: 'u-blox GPS receiver', drivenBy: 'gpsd', serial: true },
]
