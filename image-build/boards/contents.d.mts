// The types of contents.mjs, for the test.
import type { TreeNode } from './device-tree.mjs'

/** What a .board file says. */
export interface Board {
  readonly id: string
  readonly name: string
  readonly compatible: string
  readonly proven: string
  readonly filter: string
  readonly chain: string
  readonly u_boot: string
  readonly firmware: string
  readonly device_trees: string
  readonly overlays: string
  readonly always: string
  readonly wifi: string
  readonly led: string
  readonly reset_chip: string
  readonly reset_line: string
}
export interface Contents {
  readonly release: string
  hasModule(name: string): boolean
  hasPackage(name: string): boolean
  hasFirmware(name: string): boolean
  hasFile(place: string): boolean
  driversOf(compatible: string): string[]
  isBuiltIn(module: string): boolean
  withNeeds(module: string): string[]
  treeFile(name: string): string
  treeOf(board: Board, overlay?: string): TreeNode
}
export function claimedBoards(): Board[]
export function contentsOf(places: { roots: string[]; trees: string; made?: string }): Contents
export function undriven(contents: Contents, node: TreeNode): string[]
