// A strip calibrated from samples that lie in memory; the agent reads them from a file meanwhile.
import { type CalibrateOrder, calibrateRows, repairStrip, rowsOf } from '../../edge/science/calibration.js'
import type { Step } from '../../edge/science/strip-step.js'

export const calibrateStrip: Step<CalibrateOrder> = (hand, order, strip) => {
  const { first, end } = rowsOf(order, strip)
  calibrateRows(hand, order, first, end)
  repairStrip(hand, order, strip)
}
