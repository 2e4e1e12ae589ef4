//! Looks up what names in conditions and exemptions refer to.

use std::collections::HashMap;

use crate::model::Policy;

/// Every name of a policy with its position.
#[derive(Debug)]
pub(crate) struct Names<'policy> {
    counters: HashMap<&'policy str, usize>,
    lists: HashMap<&'policy str, usize>,
    leaked: HashMap<&'policy str, usize>,
    flows: HashMap<&'policy str, usize>,
    apps: HashMap<&'policy str, usize>,
    /// Positions of app and route, for each route name.
    routes: HashMap<&'policy str, Vec<(usize, usize)>>,
}

/// What a route's name refers to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FoundRoute {
    /// The position of its app, and its own in the app.
    One(usize, usize),
    /// The positions of the apps that all have such a route.
    Several(Vec<usize>),
    /// No route has this name.
    None,
}

impl<'policy> Names<'policy> {
    /// The names of a policy.
    #[must_use]
    pub(crate) fn of(policy: &'policy Policy) -> Self {
        let mut routes: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
        for (app_position, app) in policy.apps.iter().enumerate() {
            for (position, route) in app.routes.iter().enumerate() {
                routes.entry(route.name.value.as_str()).or_default().push((app_position, position));
            }
        }
        Self {
            counters: positions(policy.counters.iter().map(|counter| counter.name.value.as_str())),
            lists: positions(policy.lists.iter().map(|list| list.name.value.as_str())),
            leaked: positions(policy.leaked.iter().map(|list| list.name.value.as_str())),
            flows: positions(policy.flows.iter().map(|flow| flow.name.value.as_str())),
            apps: positions(policy.apps.iter().map(|app| app.name.value.as_str())),
            routes,
        }
    }

    /// The position of a counter.
    #[must_use]
    pub(crate) fn counter(&self, name: &str) -> Option<usize> {
        self.counters.get(name).copied()
    }

    /// The position of a list.
    #[must_use]
    pub(crate) fn list(&self, name: &str) -> Option<usize> {
        self.lists.get(name).copied()
    }

    /// The position of a list of leaked credentials.
    #[must_use]
    pub(crate) fn leaked_list(&self, name: &str) -> Option<usize> {
        self.leaked.get(name).copied()
    }

    /// The position of a flow.
    #[must_use]
    pub(crate) fn flow(&self, name: &str) -> Option<usize> {
        self.flows.get(name).copied()
    }

    /// The position of an app.
    #[must_use]
    pub(crate) fn app(&self, name: &str) -> Option<usize> {
        self.apps.get(name).copied()
    }

    /// The route that `route` or `app.route` refers to.
    #[must_use]
    pub(crate) fn route(&self, name: &str) -> FoundRoute {
        let (app, route) = name.split_once('.').map_or((None, name), |(app, route)| (Some(app), route));
        let all = self.routes.get(route).map(Vec::as_slice).unwrap_or_default();
        let wanted: Vec<(usize, usize)> = match app {
            Some(app) => {
                all.iter().copied().filter(|(position, _)| Some(*position) == self.app(app)).collect()
            }
            None => all.to_vec(),
        };
        match wanted.as_slice() {
            [] => FoundRoute::None,
            [(app, route)] => FoundRoute::One(*app, *route),
            several => FoundRoute::Several(several.iter().map(|(app, _)| *app).collect()),
        }
    }

    /// All counter names.
    pub(crate) fn counters(&self) -> impl Iterator<Item = &'policy str> + Clone {
        self.counters.keys().copied()
    }

    /// All list names.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &'policy str> + Clone {
        self.lists.keys().copied()
    }

    /// All names of lists of leaked credentials.
    pub(crate) fn leaked_lists(&self) -> impl Iterator<Item = &'policy str> + Clone {
        self.leaked.keys().copied()
    }

    /// All flow names.
    pub(crate) fn flows(&self) -> impl Iterator<Item = &'policy str> + Clone {
        self.flows.keys().copied()
    }

    /// All app names.
    pub(crate) fn apps(&self) -> impl Iterator<Item = &'policy str> + Clone {
        self.apps.keys().copied()
    }
}

fn positions<'a>(names: impl Iterator<Item = &'a str>) -> HashMap<&'a str, usize> {
    names.enumerate().map(|(position, name)| (name, position)).collect()
}
