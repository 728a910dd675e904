// The types of devices.data.mjs, for the tests.
export const devices: readonly {
  readonly kind: string
  readonly name: string
  readonly only?: readonly string[]
  readonly ways: readonly {
    readonly by: string
    readonly modules?: readonly string[]
    readonly tree?: string
    readonly overlay?: string
    readonly firmware?: readonly string[]
    readonly wifi?: boolean
    readonly packages?: readonly string[]
  }[]
}[]
