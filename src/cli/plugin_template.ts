/** How the parts of a new plugin are called. */
export interface PluginNames {
  /** How streams, rules or queries name it; also the name of its configuration. */
  readonly type: string;
  /** The same with its first letter in upper case: the class of a source or sink, and its file. */
  readonly className: string;
}

/** What `plugin new` writes of one kind of plugin. */
export interface PluginTemplate {
  /** The text of its module. */
  moduleText(names: PluginNames): string;
  /** The text of its configuration; absent where there is none. */
  yamlText?(names: PluginNames): string;
  /** Names that the module uses itself: an export of one of them would hide it. */
  readonly ownNames: readonly string[];
}
