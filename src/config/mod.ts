/**
 * What the operator wrote: the base directory, the files of `etc/`, the environment. Imports `core`.
 *
 * Every file is checked where it is used (`load…`, which throws the first error as one sentence) and as a whole
 * (`check…`, which lists all findings).
 *
 * @module
 */
export type { BaseOptions, BasePaths } from "./base_dir.ts";
export { resolveBase, showPath } from "./base_dir.ts";
export { embeddedEtc } from "./config_files.ts";
export type { ConfigInput } from "./config_input.ts";
export type { Finding, Place } from "./finding.ts";
export { errorAt, formatFinding, formatPlace, refuseErrors, warningAt } from "./finding.ts";
export type { RestConfig } from "./rest_config.ts";
export type { KuiperConfig } from "./kuiper_config.ts";
export { checkKuiperConfig, DEFAULT_KUIPER_CONFIG, loadKuiperConfig } from "./kuiper_config.ts";
export type { CommonFields, SourceConfig, SourceQuery } from "./source_config.ts";
export { checkSourceConfig, loadSourceConfig } from "./source_config.ts";
export type { SinkConfig, SinkFields, SinkQuery } from "./sink_config.ts";
export { loadSinkConfig } from "./sink_config.ts";
export type { MqttSourceProps } from "./mqtt_props.ts";
export type { Grant, GrantKind, GrantValue } from "./grant.ts";
export { GRANT_KINDS, noGrant, resolveGrant } from "./grant.ts";
export type { PluginsConfig, PluginsInput } from "./plugins_config.ts";
export {
  checkPluginsConfig,
  checkPluginsText,
  loadPluginsConfig,
  rateSentence,
} from "./plugins_config.ts";
export type {
  OutsideLinks,
  PluginEntry,
  PluginIsolation,
  PluginLimits,
  PluginOf,
  RestartPolicy,
} from "./plugin_entry.ts";
export { PLUGIN_KINDS, restartOf } from "./plugin_entry.ts";
export type { EntryChanges, PluginsEdit } from "./write_plugins.ts";
export { editPluginEntry, writePlugins } from "./write_plugins.ts";
export { writtenLimits, writtenRestart } from "./written_entry.ts";
export type { YamlValue } from "./edit_yaml.ts";
export { yamlLines } from "./edit_yaml.ts";
export { urlProblem } from "./plugin_url.ts";
export { checkConfig } from "./check_config.ts";
export type { PropsSchema, SchemaType } from "./props_schema.ts";
export { checkPluginSchema, checkSchema } from "./props_schema.ts";
export { validateProps } from "./props_check.ts";
export type { Where } from "./where.ts";
export type { KeyPath } from "./yaml_locator.ts";
export { isSecretKey, Secrets } from "./secrets.ts";
