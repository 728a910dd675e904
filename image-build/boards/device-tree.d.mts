// The types of device-tree.mjs, for the test.
export interface TreeNode {
  readonly name: string
  readonly properties: ReadonlyMap<string, Buffer>
  readonly nodes: readonly TreeNode[]
  readonly parent?: TreeNode
}
export function readTree(blob: Buffer): TreeNode
export function words(node: TreeNode, name: string): string[]
export function nodesOf(tree: TreeNode, compatible: string): TreeNode[]
