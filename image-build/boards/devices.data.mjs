// What people attach to a pier's computer or find on it, and what it needs of the image to work. One row each; `ways`
// are tried in turn, and the first that lacks nothing is how it works. A way names what has to be there:
//
//   by         what serves it: a driver of Pierside, a package, or Linux
//   modules    modules of the kernel, loadable or built in
//   tree       compatible string of a node that has to be in the device tree and switched on, with a driver for it and
//              for the bus that it hangs on; `overlay` is what an owner writes to have it there
//   firmware   files beneath /usr/lib/firmware; `wifi`: those of the board's own Wi-Fi
//   packages   Debian packages of the image
//
// `only` names the folders of overlays/ whose boards have such a thing at all.
const i2cBus = ['brcm,bcm2835-i2c', 'snps,designware-i2c']
const readByUs = { by: 'i2c-sensor', modules: ['i2c-dev'] }
const overI2c = i2cBus.map(tree => ({ ...readByUs, tree }))

const kernelChip = (overlay, tree, further = {}) => ({ by: 'kernel-sensor', overlay, tree, ...further })
const clock = (overlay, tree) => ({ by: 'Linux', overlay, tree })
const csi = (sensor, tree) => ({
  ways: [{ by: 'csi', modules: [sensor], overlay: sensor, tree, packages: ['rpicam-apps'] }],
})
const usb = (by, ...modules) => ({ ways: [{ by, modules }] })
const wifiStick = (modules, firmware) => ({ ways: [{ by: 'NetworkManager', modules, firmware }] })

export const devices = [
  {
    kind: 'On the board',
    name: 'Memory card',
    ways: ['brcm,bcm2835-sdhost', 'brcm,bcm2711-emmc2', 'brcm,bcm2712-sdhci'].map(tree => ({ by: 'Linux', tree })),
  },
  {
    kind: 'On the board',
    name: 'USB sockets',
    ways: [
      { by: 'Linux', tree: 'brcm,bcm2711-pcie', modules: ['xhci-pci', 'reset-raspberrypi'] },
      { by: 'Linux', tree: 'snps,dwc3', modules: ['rp1_pci', 'xhci-plat-hcd'] },
      { by: 'Linux', tree: 'brcm,bcm2835-usb' },
    ],
  },
  {
    kind: 'On the board',
    name: 'Ethernet',
    ways: [
      { by: 'NetworkManager', tree: 'brcm,bcm2711-genet-v5' },
      { by: 'NetworkManager', tree: 'raspberrypi,rp1-gem', modules: ['rp1_pci'] },
      { by: 'NetworkManager', tree: 'usb424,ec00', modules: ['smsc95xx'] },
      { by: 'NetworkManager', tree: 'usb424,7800', modules: ['lan78xx'] },
    ],
  },
  { kind: 'On the board', name: 'Wi-Fi', ways: [{ by: 'NetworkManager', modules: ['brcmfmac'], wifi: true }] },
  { kind: 'On the board', name: 'Bluetooth', ways: [{ by: 'Linux', packages: ['bluez'] }] },
  {
    kind: 'On the board',
    name: 'Temperature of the processor',
    ways: ['brcm,bcm2837-thermal', 'brcm,bcm2711-thermal'].map(tree => ({ by: 'Linux', tree })),
  },
  {
    kind: 'On the board',
    name: 'Warning of a weak supply',
    ways: [{ by: 'Linux', tree: 'raspberrypi,bcm2835-firmware', modules: ['raspberrypi-hwmon'] }],
  },
  {
    kind: 'On the board',
    name: 'Watchdog',
    ways: ['brcm,bcm2835-pm-wdt', 'brcm,bcm2835-pm'].map(tree => ({ by: 'Linux', tree, modules: ['bcm2835_wdt'] })),
  },
  {
    kind: 'On the board',
    name: 'Lamp',
    ways: [{ by: 'Linux', tree: 'gpio-leds' }],
  },
  { kind: 'On the board', name: 'Power button', only: ['pi5'], ways: [{ by: 'Linux', tree: 'gpio-keys' }] },
  { kind: 'On the board', name: 'Fan socket', only: ['pi5'], ways: [{ by: 'Linux', tree: 'pwm-fan' }] },
  {
    kind: 'On the board',
    name: 'Clock with a battery',
    only: ['pi5'],
    ways: [{ by: 'Linux', tree: 'raspberrypi,rpi-rtc' }],
  },

  { kind: 'Camera on the ribbon', name: 'Camera Module 1 (OV5647)', ...csi('ov5647', 'ovti,ov5647') },
  { kind: 'Camera on the ribbon', name: 'Camera Module 2 (IMX219)', ...csi('imx219', 'sony,imx219') },
  { kind: 'Camera on the ribbon', name: 'Camera Module 3 (IMX708)', ...csi('imx708', 'sony,imx708') },
  { kind: 'Camera on the ribbon', name: 'HQ Camera (IMX477)', ...csi('imx477', 'sony,imx477') },
  { kind: 'Camera on the ribbon', name: 'Global Shutter Camera (IMX296)', ...csi('imx296', 'sony,imx296') },
  { kind: 'Camera on the ribbon', name: 'IMX290, IMX327, IMX462', ...csi('imx290', 'sony,imx290') },
  { kind: 'Camera on the ribbon', name: 'IMX415', ...csi('imx415', 'sony,imx415') },
  { kind: 'Camera on the ribbon', name: 'IMX283', ...csi('imx283', 'sony,imx283') },
  { kind: 'Camera on the ribbon', name: 'OV9281', ...csi('ov9282', 'ovti,ov9281') },

  { kind: 'Camera on USB', name: 'Webcam, microscope, HDMI grabber (UVC)', ...usb('v4l2', 'uvcvideo') },
  { kind: 'Camera on USB', name: 'ZWO ASI', ways: [{ by: 'asi', packages: ['libasi', 'libusb-1.0-0'] }] },
  { kind: 'Camera on USB', name: 'Player One', ways: [{ by: 'indi', packages: ['indi-playerone'] }] },
  { kind: 'Camera on USB', name: 'QHY', ways: [{ by: 'indi', packages: ['indi-qhy'] }] },
  { kind: 'Camera on USB', name: 'ToupTek and its brands', ways: [{ by: 'indi', packages: ['indi-toupbase'] }] },
  { kind: 'Camera on USB', name: 'Canon, Nikon, Sony by gphoto2', ways: [{ by: 'indi', packages: ['indi-gphoto'] }] },

  { kind: 'Serial port', name: 'FTDI', ...usb('Linux', 'ftdi_sio') },
  { kind: 'Serial port', name: 'CP2102, CP2104 …', ...usb('Linux', 'cp210x') },
  { kind: 'Serial port', name: 'CH340, CH341', ...usb('Linux', 'ch341') },
  { kind: 'Serial port', name: 'PL2303', ...usb('Linux', 'pl2303') },
  { kind: 'Serial port', name: 'Arduino, CH343, GPS mice (CDC ACM)', ...usb('Linux', 'cdc-acm') },

  { kind: 'Relays', name: 'USB relays by HID (DCT Tech)', ...usb('dcttech', 'usbhid') },
  { kind: 'Relays', name: 'USB relays by CH340 (LCUS)', ...usb('lcus', 'ch341') },
  {
    kind: 'Relays',
    name: 'Relay HAT on the pins',
    ways: ['brcm,bcm2835-gpio', 'brcm,bcm2711-gpio', 'raspberrypi,rp1-gpio'].map(tree => ({ by: 'gpio', tree })),
  },
  {
    kind: 'Relays',
    name: 'Dew heaters by PWM on GPIO 18, 19',
    ways: [{ by: 'kernel-pwm', overlay: 'pwm', tree: 'brcm,bcm2835-pwm' }],
  },
  { kind: 'Relays', name: 'Fan on GPIO 12', ways: [{ by: 'Linux', overlay: 'gpio-fan', tree: 'gpio-fan' }] },

  { kind: 'Sensor', name: 'BME280, BMP280', ways: [kernelChip('bme280', 'bosch,bme280')] },
  {
    kind: 'Sensor',
    name: 'BME680',
    ways: [kernelChip('bme680', 'bosch,bme680', { modules: ['bme680_i2c', 'bme680_core'] })],
  },
  { kind: 'Sensor', name: 'SHT30, SHT31, SHT35', ways: [kernelChip('sht3x', 'sensirion,sht30')] },
  { kind: 'Sensor', name: 'AHT20, AHT21', ways: [kernelChip('aht20', 'aosong,aht20', { modules: ['aht10'] })] },
  { kind: 'Sensor', name: 'MLX90614', ways: [...overI2c, kernelChip('mlx90614', 'melexis,mlx90614')] },
  { kind: 'Sensor', name: 'TSL2591', ways: overI2c },
  { kind: 'Sensor', name: 'INA219, INA226', ways: [...overI2c, kernelChip('ina219', 'ti,ina219')] },
  { kind: 'Sensor', name: 'INA260', ways: overI2c },
  { kind: 'Sensor', name: 'INA3221', ways: [kernelChip('ina3221', 'ti,ina3221', { modules: ['ina3221'] })] },
  {
    kind: 'Sensor',
    name: 'DS18B20 on 1-Wire',
    ways: [kernelChip('w1-gpio', 'w1-gpio', { modules: ['w1_therm'] })],
  },
  { kind: 'Sensor', name: 'GPS receiver', ways: [{ by: 'gpsd', modules: ['cdc-acm', 'pl2303'], packages: ['gpsd'] }] },

  { kind: 'Clock', name: 'DS3231', ways: [clock('ds3231', 'maxim,ds3231')] },
  { kind: 'Clock', name: 'PCF8563', ways: [clock('pcf8563', 'nxp,pcf8563')] },
  { kind: 'Clock', name: 'PCF85063A', ways: [clock('pcf85063', 'nxp,pcf85063a')] },

  { kind: 'Network on USB', name: 'Ethernet, Realtek RTL8152, 8153', ...usb('NetworkManager', 'r8152') },
  { kind: 'Network on USB', name: 'Ethernet, ASIX', ...usb('NetworkManager', 'ax88179_178a', 'asix') },
  {
    kind: 'Network on USB',
    name: 'Wi-Fi, RTL8188, 8192',
    ...wifiStick(
      ['rtl8xxxu'],
      ['rtlwifi/rtl8192cufw_TMSC.bin', 'rtlwifi/rtl8188eufw.bin', 'rtlwifi/rtl8192eu_nic.bin'],
    ),
  },
  {
    kind: 'Network on USB',
    name: 'Wi-Fi, RTL8812AU, 8821AU',
    ...wifiStick(['rtw88_8812au', 'rtw88_8821au'], ['rtw88/rtw8812a_fw.bin', 'rtw88/rtw8821a_fw.bin']),
  },
  {
    kind: 'Network on USB',
    name: 'Wi-Fi, RTL8811CU, 8822BU',
    ...wifiStick(['rtw88_8821cu', 'rtw88_8822bu'], ['rtw88/rtw8821c_fw.bin', 'rtw88/rtw8822b_fw.bin']),
  },
  { kind: 'Network on USB', name: 'Wi-Fi, MediaTek MT7601U', ...wifiStick(['mt7601u'], ['mt7601u.bin']) },
  {
    kind: 'Network on USB',
    name: 'Wi-Fi, MediaTek MT7610U, 7612U, 7921U',
    ...wifiStick(['mt76x0u', 'mt76x2u', 'mt7921u'], ['mediatek/mt7610e.bin', 'mt7662.bin']),
  },
  {
    kind: 'Network on USB',
    name: 'Wi-Fi, Atheros AR9271',
    ...wifiStick(['ath9k_htc'], ['ath9k_htc/htc_9271-1.4.0.fw']),
  },

  { kind: 'Storage on USB', name: 'Sticks, disks, SSDs', ...usb('Linux', 'usb-storage', 'uas', 'sd_mod') },
  { kind: 'Storage on USB', name: 'as exFAT, FAT, ext4', ...usb('Linux', 'exfat', 'vfat', 'ext4') },
  { kind: 'Storage on USB', name: 'as NTFS', ...usb('Linux', 'ntfs') },
]
