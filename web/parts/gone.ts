// Whether controls sleep because the box does not answer.
import { useCell } from '../cell'
import { presence } from '../live'

export const useGone = (): boolean => useCell(presence).phase !== 'here'
