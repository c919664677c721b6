//! Routes with who may use them. There is no other way to add one, so that none is ever without a guard.

use accounts::Permission;
use axum::{
    Router,
    handler::Handler,
    http::Method,
    middleware,
    response::Response,
    routing::{MethodFilter, MethodRouter, on},
};
use utoipa::openapi::{OpenApi, PathItem, RefOr, schema::Schema};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::{Problem, State, guard};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Access {
    /// Everybody: signing in, health, static files.
    Public,
    /// Devices that ask to be let in, by the signature of the key that they bring.
    Enrolment,
    /// Devices that were let in, by their signature.
    Sensor,
    /// People and tokens with this permission.
    SignedIn(Permission),
}

/// A line of the table of routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The method; `GET` serves `HEAD` too.
    pub method: Method,
    /// The path with `{parameters}`.
    pub path: String,
    /// Who may use it.
    pub access: Access,
}

/// Makes the page of a problem for a browser. `fragment` asks for the inside of the page only.
pub type ErrorPage = fn(state: &State, problem: &Problem, fragment: bool) -> Response;

/// Routes with who may use them, and what the API document says of them.
#[derive(Default)]
pub struct Routes {
    entries: Vec<Entry>,
    routers: Vec<(String, Access, MethodRouter<State>)>,
    paths: Vec<(String, PathItem)>,
    schemas: Vec<(String, RefOr<Schema>)>,
    error_page: Option<ErrorPage>,
}

impl Routes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A route for everybody.
    #[must_use]
    pub fn public<H, T>(self, method: Method, path: &str, handler: H) -> Self
    where
        H: Handler<T, State>,
        T: 'static,
    {
        self.add(Access::Public, method, path, handler)
    }

    /// A route for devices: the guard checks the signature and hands on who it is.
    #[must_use]
    pub fn sensor<H, T>(self, method: Method, path: &str, handler: H) -> Self
    where
        H: Handler<T, State>,
        T: 'static,
    {
        self.add(Access::Sensor, method, path, handler)
    }

    /// A route for devices that ask to be let in.
    #[must_use]
    pub(crate) fn enrolment<H, T>(self, method: Method, path: &str, handler: H) -> Self
    where
        H: Handler<T, State>,
        T: 'static,
    {
        self.add(Access::Enrolment, method, path, handler)
    }

    /// A route for people and tokens with a permission.
    #[must_use]
    pub fn signed_in<H, T>(self, permission: Permission, method: Method, path: &str, handler: H) -> Self
    where
        H: Handler<T, State>,
        T: 'static,
    {
        self.add(Access::SignedIn(permission), method, path, handler)
    }

    /// Routes of the API that stand in its document, made by `utoipa_axum::routes!`. All have the same path.
    #[must_use]
    pub fn api(self, permission: Permission, routes: UtoipaMethodRouter<State>) -> Self {
        self.documented(Access::SignedIn(permission), routes)
    }

    /// Routes of the API for everybody that stand in its document.
    #[must_use]
    pub fn public_api(self, routes: UtoipaMethodRouter<State>) -> Self {
        self.documented(Access::Public, routes)
    }

    fn documented(mut self, access: Access, (schemas, paths, router): UtoipaMethodRouter<State>) -> Self {
        for (path, item) in paths.paths {
            let methods = methods(&item);
            self.entries.extend(methods.into_iter().map(|method| Entry {
                method,
                path: path.clone(),
                access,
            }));
            self.routers.push((path.clone(), access, router.clone()));
            self.paths.push((path, item));
        }
        self.schemas.extend(schemas);
        self
    }

    fn add<H, T>(mut self, access: Access, method: Method, path: &str, handler: H) -> Self
    where
        H: Handler<T, State>,
        T: 'static,
    {
        // A method that axum has no name for (`CONNECT`) cannot be served; the table test would miss the route.
        if let Ok(filter) = MethodFilter::try_from(method.clone()) {
            self.entries.push(Entry { method, path: path.to_owned(), access });
            self.routers.push((path.to_owned(), access, on(filter, handler)));
        }
        self
    }

    /// How problems look to browsers.
    #[must_use]
    pub fn error_page(mut self, page: ErrorPage) -> Self {
        self.error_page = Some(page);
        self
    }

    /// These and those.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self.routers.extend(other.routers);
        self.paths.extend(other.paths);
        self.schemas.extend(other.schemas);
        self.error_page = self.error_page.or(other.error_page);
        self
    }

    /// Every route, in the order of paths and methods.
    pub fn table(&self) -> Vec<Entry> {
        let mut table = self.entries.clone();
        table.sort_by(|a, b| (&a.path, a.method.as_str()).cmp(&(&b.path, b.method.as_str())));
        table
    }

    pub(crate) fn page(&self) -> Option<ErrorPage> {
        self.error_page
    }

    /// Puts what these routes say of themselves into an API document.
    pub(crate) fn describe(&self, document: &mut OpenApi) {
        for (path, item) in &self.paths {
            match document.paths.paths.get_mut(path) {
                Some(there) => there.merge_operations(item.clone()),
                None => {
                    document.paths.paths.insert(path.clone(), item.clone());
                }
            }
        }
        let components = document.components.get_or_insert_default();
        components.schemas.extend(self.schemas.iter().cloned());
    }

    /// The router, with the guard of each route around it.
    pub(crate) fn into_router(self, state: &State) -> Router<State> {
        self.routers.into_iter().fold(Router::new(), |router, (path, access, methods)| {
            let guard = middleware::from_fn_with_state((state.clone(), access), guard::admit);
            router.route(&path, methods.route_layer(guard))
        })
    }
}

fn methods(item: &PathItem) -> Vec<Method> {
    let there = [
        (item.get.is_some(), Method::GET),
        (item.post.is_some(), Method::POST),
        (item.put.is_some(), Method::PUT),
        (item.patch.is_some(), Method::PATCH),
        (item.delete.is_some(), Method::DELETE),
    ];
    there.into_iter().filter(|(is, _)| *is).map(|(_, method)| method).collect()
}
