// Shows the document of the API on this page. A file of its own: the page allows no script within it.
window.onload = () => {
  SwaggerUIBundle({
    url: "v1/swagger.json",
    dom_id: "#page",
    deepLinking: true,
    // A validator would be a server of others, which would be told the address of this one.
    validatorUrl: null,
  });
};
