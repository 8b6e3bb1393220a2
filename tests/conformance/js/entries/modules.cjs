// The same as modules.mjs by `require`.

exports.modules = { warded: require("warded"), derive: require("warded/derive"), hazmat: require("warded/hazmat") };
